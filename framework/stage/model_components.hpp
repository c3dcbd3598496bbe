// The components that model.json names: the space of the network, and the data set that reads images for it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// {"use": id, …} with the parameters that say how images are read. Its paths, which say where the images were, are left
// out: a model is the same wherever its data was.
nlohmann::ordered_json dataset_of_model(const ComponentUse& dataset, const PluginRegistry& registry);

// The component of such an entry, to read images and not to be opened; paths that it requires are `place`. Throws
// Error{kNotFound} for an unknown component and Error{kData} for parameters that it does not take.
ComponentUse read_dataset_of_model(const nlohmann::ordered_json& entry, const PluginRegistry& registry,
                                   const std::filesystem::path& place);

// The space of such an entry, without optional files that are gone, such as the weights that the training began with.
ComponentUse read_space_of_model(const nlohmann::ordered_json& entry, const PluginRegistry& registry);

}  // namespace dha
