// Changes the pipeline of a resumed run: the location of its data, and how long its stages train or search.
#pragma once

#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// Each of `changes` must set a path of the data set (dataset.path), raise a stage's epochs or trials.count, set its
// trials.parallel, or set graph. Throws Error{kUsage} for anything else, for smaller numbers, and for more epochs of a
// stage with a finished search. Writes the run's pipeline.json. Removes a finished stage that grows and those after it
// from stages.json, and the checkpoints of the latter, which start again from the longer stage. Returns the new
// configuration.
PipelineConfig change_run(const RunDirectory& directory, const PipelineConfig& config,
                          const std::vector<Override>& changes, const PluginRegistry& registry);

}  // namespace dha
