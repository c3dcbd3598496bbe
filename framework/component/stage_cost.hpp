// Counts the costs of an architecture in a stage's space, without reading images.
#pragma once

#include <filesystem>
#include <string>

#include "dha/quantities.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// `architecture`: a file of JSON text; empty: the architecture that the stage's searcher has fixed. Opens the data set
// only if its parameters do not give shape and classes. Throws Error{kUsage} for an unknown stage, and if no
// architecture is known; Error{kData} that names the file if it cannot be read or does not fit the space.
Quantities stage_cost(const PipelineConfig& config, const std::string& stage, const std::filesystem::path& architecture,
                      const PluginRegistry& registry);

}  // namespace dha
