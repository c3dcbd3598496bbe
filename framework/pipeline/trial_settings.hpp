// Applies a trial's settings to its stage.
#pragma once

#include <string>

#include "pipeline/pipeline.hpp"

namespace dha {

// `stage` with `settings_json` applied: a JSON object from JSON pointer below the stage to value. A trial may set any
// parameter of space, searcher, augmenters and hyper-optimizer, and the host's keys that are tunable. Types and ranges
// are checked as in a pipeline file. Throws Error{kContractViolation} that names pointer, value and reason.
StageConfig with_settings(const StageConfig& stage, const std::string& settings_json, const PluginRegistry& registry);

}  // namespace dha
