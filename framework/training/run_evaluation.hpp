// Measures the final network of a finished run.
#pragma once

#include <string>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "run/run_directory.hpp"
#include "training/evaluate.hpp"

namespace dha {

// `split`: "test", "validation" or "train", in evaluation geometry. Throws Error{kUsage} for another name, for a run
// that did not finish, and for a split without images.
Measurement evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                         at::Device device, const std::string& split);

}  // namespace dha
