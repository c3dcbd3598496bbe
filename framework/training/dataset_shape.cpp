#include "training/dataset_shape.hpp"

#include "training/component_slot.hpp"

namespace dha {

std::optional<DatasetInfo> declared_shape(const PipelineConfig& config, const PluginRegistry& registry) {
  const ContextServices services{nullptr, at::kCPU, config.seed, {}};
  const ComponentSlot<Dataset> slot(registry, services, config.dataset.component, "dataset");
  const DatasetInfo info = slot.call("info", [](Dataset& dataset) { return dataset.info(); });
  if (info.classes == 0 || info.channels == 0 || info.height == 0 || info.width == 0) return std::nullopt;
  return info;
}

}  // namespace dha
