// Changes that the pipeline of a resumed run may have: the location of its data, how long its stages train or search,
// how it computes, and stages that have not begun.
#pragma once

#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// The file of a run directory that has the pipeline as the run was begun or last resumed with it.
inline constexpr const char* kRecordFile = "recorded.json";

// Writes it. Throws Error{kIo}.
void record_pipeline(const RunDirectory& directory, const PipelineConfig& config);

// The pipeline to resume with: the run's pipeline.json with `changes`, compared with the record. Stages that have not
// begun may differ; else paths of the data set (dataset.path), larger epochs or trials.count of a stage, its
// trials.parallel, and keys that change no result but by rounding (device, graph, loader_threads,
// checkpoint_every_steps, checkpoint_every_minutes, keep_checkpoints, tensorboard). Throws Error{kUsage} that names any
// other difference, smaller numbers, more epochs of a stage whose search is over, and a run that was tidied up. Where
// something differs, writes pipeline.json and the record; a finished stage that grows, and those after it, are taken
// out of stages.json, together with the checkpoints of the latter: they start again, from the longer stage.
PipelineConfig resumed_pipeline(const RunDirectory& directory, const std::vector<Override>& changes,
                                const PluginRegistry& registry);

}  // namespace dha
