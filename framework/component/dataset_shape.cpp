#include "component/dataset_shape.hpp"

#include "component/component_slot.hpp"
#include "data/open_dataset.hpp"

namespace dha {

namespace {

ComponentSlot<Dataset> closed_dataset(const PipelineConfig& config, const PluginRegistry& registry) {
  return {registry, {nullptr, at::kCPU, config.seed, {}}, config.dataset.component, "dataset"};
}

std::optional<DatasetInfo> declared_by(const ComponentSlot<Dataset>& slot) {
  const DatasetInfo info = slot.call("info", [](Dataset& dataset) { return dataset.info(); });
  if (info.classes == 0 || info.channels == 0 || info.height == 0 || info.width == 0) return std::nullopt;
  return info;
}

}  // namespace

std::optional<DatasetInfo> declared_shape(const PipelineConfig& config, const PluginRegistry& registry) {
  return declared_by(closed_dataset(config, registry));
}

DatasetInfo dataset_shape(const PipelineConfig& config, const PluginRegistry& registry) {
  const ComponentSlot<Dataset> slot = closed_dataset(config, registry);
  if (const auto declared = declared_by(slot)) return *declared;
  return OpenDataset(slot.id(), slot.object()).info();
}

}  // namespace dha
