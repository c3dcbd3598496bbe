// The shape and the classes of a pipeline's images, from the data set's parameters if possible.
#pragma once

#include <optional>

#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Reads nothing from disk. Empty where classes, channels, height or width show only once the data set is open.
std::optional<DatasetInfo> declared_shape(const PipelineConfig& config, const PluginRegistry& registry);

// As declared_shape(); where that is empty, opens the data set.
DatasetInfo dataset_shape(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
