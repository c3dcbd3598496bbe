// Counts the costs of architectures in a stage's space, without reading images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dha/quantities.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// One entry for a known architecture: that of the file `architecture`, JSON text, or if that is empty the one that the
// stage or its searcher gives. If the stage searches, one for each of `samples` random architectures of its space,
// drawn with the pipeline's seed. Opens the data set only if its parameters do not give shape and classes. Throws
// Error{kUsage} for an unknown stage; Error{kData} that names the file if it cannot be read or does not fit the space.
std::vector<Quantities> stage_costs(const PipelineConfig& config, const std::string& stage,
                                    const std::filesystem::path& architecture, const PluginRegistry& registry,
                                    int64_t samples);

}  // namespace dha
