// Finds out ahead of any training what a stage carries and cannot take, because its components or its network have
// another size than those of the stage that it comes from.
#pragma once

#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Begins `stage` on the CPU from an earlier stage that has not trained, without a log, and forgets both. What depends
// on the outcome of that training is left to the run: whose search ends undecided, and what trials come to. `info` has
// classes, channels, height and width, and may lack the rest. Throws PipelineError at the stage's "carry".
void check_carry(const PipelineConfig& config, const StageConfig& stage, const PluginRegistry& registry,
                 const DatasetInfo& info);

}  // namespace dha
