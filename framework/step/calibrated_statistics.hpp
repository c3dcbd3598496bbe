// Recomputes the running statistics of a network's batch norms for other weights or gates, for the lifetime of the
// object.
#pragma once

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "step/evaluate.hpp"
#include "step/saved_tensors.hpp"

namespace dha {

class CalibratedStatistics {
 public:
  // Passes `images`, training images without augmentation, through the network of `parts` under `gates`, which a lean
  // network ignores: kCalibrationBatches batches, repeating the images if there are fewer. References outlive the
  // object.
  CalibratedStatistics(const StageParts& parts, const Gates& gates, BatchFeed& images,
                       const EvaluationSetting& setting);

 private:
  SavedTensors trained_;
};

}  // namespace dha
