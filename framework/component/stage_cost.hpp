// Counts the costs of an architecture in a stage's space, without reading images.
#pragma once

#include <filesystem>
#include <string>

#include "dha/quantities.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// `architecture`: a file of JSON text; empty: the architecture that the stage's searcher has fixed. Opens the data set
// only where its parameters do not tell shape and classes. Throws Error{kUsage} for an unknown stage, and where no
// architecture is known; Error{kData} that names the file where it cannot be read or the space does not know what it
// holds.
Quantities stage_cost(const PipelineConfig& config, const std::string& stage, const std::filesystem::path& architecture,
                      const PluginRegistry& registry);

}  // namespace dha
