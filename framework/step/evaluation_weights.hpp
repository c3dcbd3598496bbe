// Puts a hyper-optimizer's evaluation weights into the network for the lifetime of the object, if they differ from the
// trained ones (HyperOptimizer::evaluation_weights).
//
// Running statistics belong to weights: forward passes over some training images recompute those of the batch norms for
// the evaluation weights; they are restored with the trained weights.
#pragma once

#include <vector>

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "step/evaluate.hpp"

namespace dha {

class EvaluationWeights {
 public:
  // Does nothing if the hyper-optimizer evaluates the trained weights. `calibration`: training images without
  // augmentation. References outlive the object.
  EvaluationWeights(const StageParts& parts, BatchFeed& calibration, const EvaluationSetting& setting);
  ~EvaluationWeights();
  EvaluationWeights(const EvaluationWeights&) = delete;
  EvaluationWeights& operator=(const EvaluationWeights&) = delete;

 private:
  void calibrate(BatchFeed& calibration, const EvaluationSetting& setting) const;
  void put_back();

  const StageParts& parts_;
  std::vector<at::Tensor> replaced_, trained_;  // tensors of the network, and copies of their values
};

}  // namespace dha
