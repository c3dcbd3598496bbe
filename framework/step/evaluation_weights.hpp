// Makes a network ready for evaluations for the lifetime of the object: puts in a hyper-optimizer's evaluation weights,
// if they differ from the trained ones (HyperOptimizer::evaluation_weights).
//
// Running statistics belong to weights and gates: if either differ from those of the weight steps, they are recomputed.
// All is restored afterwards.
#pragma once

#include <optional>
#include <vector>

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "step/calibrated_statistics.hpp"
#include "step/evaluate.hpp"

namespace dha {

class EvaluationWeights {
 public:
  // For evaluations of `gates`, which a lean network ignores. Does nothing if the hyper-optimizer evaluates the trained
  // weights and the gates need no calibration. `calibration`: training images without augmentation. References outlive
  // the object.
  EvaluationWeights(const StageParts& parts, const Gates& gates, BatchFeed& calibration,
                    const EvaluationSetting& setting);
  ~EvaluationWeights();
  EvaluationWeights(const EvaluationWeights&) = delete;
  EvaluationWeights& operator=(const EvaluationWeights&) = delete;

 private:
  void put_back();

  std::vector<at::Tensor> replaced_, trained_;  // weights of the network, and copies of their values
  std::optional<CalibratedStatistics> statistics_;
};

}  // namespace dha
