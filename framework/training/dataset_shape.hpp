// The shape and the classes of a pipeline's images, as far as the data set's parameters tell them.
#pragma once

#include <optional>

#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Reads nothing from disk. Empty where classes, channels, height or width show only once the data set is open.
std::optional<DatasetInfo> declared_shape(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
