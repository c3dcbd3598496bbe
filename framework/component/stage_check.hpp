// Checks before training, and without the data, what a pipeline's stages refuse: parameters that a component cannot
// use, and carried state of another size.
#pragma once

#include <optional>

#include "component/component_context.hpp"
#include "data/stage_data.hpp"
#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Creates every component, and where `shape` is there begins each stage from stages that have not trained, as
// `services` say and without a log. Networks are made on LibTorch's meta device, where tensors have shapes and no
// values, so that neither their size nor memory matters; of what components throw there only refusals count
// (kInvalidParameter, kInvalidConfig, kContractViolation, kData, kNotFound). What components need of their stage is
// checked as far as it is known: `images` are the run's, or null while its data set is not open. Left to the run is
// what depends on the outcome of training: whose search ends undecided, what trials come to. `shape` has classes,
// channels, height and width, and may lack the rest. Throws PipelineError with each component that cannot be created,
// or else with the first problem of each stage, at its location.
void check_stages(const PipelineConfig& config, const PluginRegistry& registry, const std::optional<DatasetInfo>& shape,
                  const RunImages* images, const ContextServices& services);

// As check_stages(), on the CPU and with the shape that the data set's parameters tell; reads nothing from disk but
// what components read when they are created. A component that asks for another device is left to the run.
void check_without_data(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
