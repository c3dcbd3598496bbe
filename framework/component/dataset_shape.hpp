// The shape and the classes of a pipeline's images, from the data set's parameters if possible.
#pragma once

#include <optional>

#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Reads nothing from disk. Empty if classes, channels, height or width are unknown until the data set is open.
std::optional<DatasetInfo> declared_shape(const PipelineConfig& config, const PluginRegistry& registry);

// Like declared_shape(), but opens the data set if that is empty.
DatasetInfo dataset_shape(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
