// Adds trials to the stages of a run that has them, so that it can be resumed although they were over.
#pragma once

#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// Each of `changes` must raise a stage's trials.count, or set its trials.parallel; throws Error{kUsage} for anything
// else. Writes the run's pipeline.json, and takes the stage and those after it out of stages.json, together with the
// checkpoints of the latter: they start again, from what the longer study comes to. Returns the new configuration.
PipelineConfig extend_studies(const RunDirectory& directory, const PipelineConfig& config,
                              const std::vector<Override>& changes, const PluginRegistry& registry);

}  // namespace dha
