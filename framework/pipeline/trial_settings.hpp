// Applies a trial's settings to its stage.
#pragma once

#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace dha {

// `stage` with `settings_json` applied: a JSON object from JSON pointer below the stage to value. A trial may set any
// parameter of space, searcher, augmenters and hyper-optimizer, and the host's keys that are tunable. Types and ranges
// are checked as in a pipeline file. Throws Error{kContractViolation} that names pointer, value and reason.
StageConfig with_settings(const StageConfig& stage, const std::string& settings_json, const PluginRegistry& registry);

// The settings that `stage` takes from `searched`, a stage that was trained with them, and those that it leaves out: it
// keeps its own value, or has another component there.
struct TakenSettings {
  std::string settings = "{}";        // JSON object
  std::vector<std::string> left_out;  // pointers
};
TakenSettings taken_settings(const std::string& settings_json, const StageConfig& searched, const StageConfig& stage);

// Two JSON objects of settings as one; `over` wins.
std::string merged_settings(const std::string& settings_json, const std::string& over);

}  // namespace dha
