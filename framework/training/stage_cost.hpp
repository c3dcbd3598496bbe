// Counts what an architecture costs in a stage's space; reads no image.
#pragma once

#include <string>

#include "dha/architecture.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// `architecture`: JSON text; empty: the one that the stage's searcher has fixed. Opens the data set only where its
// parameters do not tell shape and classes. Throws Error{kUsage} for an unknown stage, and where no architecture is
// known.
Cost stage_cost(const PipelineConfig& config, const std::string& stage, const std::string& architecture,
                const PluginRegistry& registry);

}  // namespace dha
