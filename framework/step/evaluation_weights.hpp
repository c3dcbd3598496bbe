// The weights that a hyper-optimizer evaluates, in the network for the life of the object, where they are others than
// those that it trains (HyperOptimizer::evaluation_weights).
//
// Running statistics belong to weights: those of the batch norms are brought to the weights of the evaluation by
// forward passes over some training images, and put back with the trained weights.
#pragma once

#include <vector>

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "step/evaluate.hpp"

namespace dha {

class EvaluationWeights {
 public:
  // Does nothing where the hyper-optimizer evaluates what it trains. `calibration`: training images as they are.
  // References outlive the object.
  EvaluationWeights(const StageParts& parts, BatchFeed& calibration, const EvaluationSetting& setting);
  ~EvaluationWeights();
  EvaluationWeights(const EvaluationWeights&) = delete;
  EvaluationWeights& operator=(const EvaluationWeights&) = delete;

 private:
  void calibrate(BatchFeed& calibration, const EvaluationSetting& setting) const;
  void put_back();

  const StageParts& parts_;
  std::vector<at::Tensor> replaced_, trained_;  // tensors of the network, and copies of what they held
};

}  // namespace dha
