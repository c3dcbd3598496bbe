// Makes a network ready for evaluations for the lifetime of the object: puts in a hyper-optimizer's evaluation weights,
// if they differ from the trained ones (HyperOptimizer::evaluation_weights).
//
// Running statistics belong to weights and gates: if either differ from those of the weight steps, they are recomputed.
// All is restored afterwards.
#pragma once

#include <functional>
#include <optional>

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "step/calibrated_statistics.hpp"
#include "step/evaluate.hpp"
#include "step/saved_tensors.hpp"

namespace dha {

class EvaluationWeights {
 public:
  // For evaluations of `gates`, which a lean network ignores. Does nothing if the hyper-optimizer evaluates the trained
  // weights and the gates need no calibration. `calibration`: training images without augmentation; called at most
  // once, and only if they are needed. References outlive the object.
  EvaluationWeights(const StageParts& parts, const Gates& gates, const std::function<BatchFeed&()>& calibration,
                    const EvaluationSetting& setting);

 private:
  std::optional<SavedTensors> trained_;
  std::optional<CalibratedStatistics> statistics_;
};

}  // namespace dha
