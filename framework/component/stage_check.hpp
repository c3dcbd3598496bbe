// Checks before training, and without the data, what a pipeline's stages refuse: parameters that a component cannot
// use, and carried state of another size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/component_context.hpp"
#include "data/stage_data.hpp"
#include "dha/dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// Creates every component and, if `shape` is given, begins each stage from untrained earlier stages, with `services`
// and without a log. Networks are created on LibTorch's meta device, where tensors have shapes but no values, so that
// size and memory do not matter; of the errors there, only refusals count (kInvalidParameter, kInvalidConfig,
// kContractViolation, kData, kNotFound). Components' needs are checked as far as possible: `images` are the run's, or
// null while its data set is not open. The outcome of training, such as an undecided search or failed trials, is not
// checked. `shape` has classes, channels, height and width, and may lack the rest. Throws PipelineError with each
// component that cannot be created, or else with the first problem of each stage, at its location. Returns remarks for
// users: how searches keep to the constraints of their stages.
std::vector<std::string> check_stages(const PipelineConfig& config, const PluginRegistry& registry,
                                      const std::optional<DatasetInfo>& shape, const RunImages* images,
                                      const ContextServices& services);

// Like check_stages(), on the CPU and with the shape given by the data set's parameters; reads from disk only what
// components read when they are created. Does not check a component that requires another device.
std::vector<std::string> check_without_data(const PipelineConfig& config, const PluginRegistry& registry);

}  // namespace dha
