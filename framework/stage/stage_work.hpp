// The work of a stage in images, for an estimate of its time (report/run_time_estimate.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "data/stage_data.hpp"
#include "pipeline/pipeline.hpp"
#include "report/run_time_estimate.hpp"

namespace dha {

// A position in a stage: completed epochs, steps of the current one, and the epoch before which the stage ends.
struct EpochRange {
  int64_t epoch = 0, step = 0, last_epoch = 0;
};

// The work of training one network from there to the end of `range`: steps of whole batches, validation as often as
// evaluate_every says, and the test images once. `images`: of the run.
StageWork work_in(const StageConfig& config, const RunImages& images, const EpochRange& range);

// The work of each stage of the pipeline. A stage of trials trains all that it may ask for; a stage that is trained
// once per outcome of an earlier one counts once, as the outcomes are unknown.
std::vector<StageWork> planned_work(const PipelineConfig& config, const RunImages& images);

}  // namespace dha
