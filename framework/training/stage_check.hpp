// Finds out ahead of any training, and without the data, what a pipeline's stages refuse: parameters that a component
// cannot work with, and what a stage carries and cannot take because it has another size.
#pragma once

#include <optional>

#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Creates every component, and where `shape` is there begins each stage on the CPU, without a log, from stages that
// have not trained. Networks are made on LibTorch's meta device, where tensors have shapes and no values, so that
// neither their size nor the device's memory matters. Left to the run is what depends on the outcome of training (whose
// search ends undecided, what trials come to) and a network that its space cannot make without values. `shape` has
// classes, channels, height and width, and may lack the rest. Throws PipelineError with every problem at its place.
void check_stages(const PipelineConfig& config, const PluginRegistry& registry,
                  const std::optional<DatasetInfo>& shape);

// As check_stages(), with the shape that the data set's parameters tell; reads nothing from disk but what components
// read when they are created.
void check_without_data(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
