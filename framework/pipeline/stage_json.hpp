// A stage's typed values as the JSON of a pipeline file, and the pipeline file of one trial.
#pragma once

#include <string>

#include "pipeline/pipeline.hpp"

namespace dha {

// The whole stage after defaults, as JSON text, keys in the order of their declaration. Throws
// Error{kContractViolation} if the stage's architecture is not a JSON object.
std::string stage_json(const StageConfig& stage);

// The text of a pipeline file that trains one trial of a stage: the run's data set and host keys under the name
// `name`, and the stage without `from`, `carry`, `pick`, `keep_settings`, `trials` and `stop_when`. `trial_stage` has
// the trial's settings and its architecture; if it has one, the searcher is left out. load_pipeline() of the text gives
// a stage with the same values. Throws like stage_json().
std::string trial_pipeline(const PipelineConfig& config, const StageConfig& trial_stage, const std::string& name);

}  // namespace dha
