#include "stage/model_input.hpp"

#include "component/component_slot.hpp"
#include "dha/image_files.hpp"
#include "plugin/guarded_call.hpp"
#include "stage/pipeline_data.hpp"

namespace dha {

ModelInput model_input(const OpenDataset& dataset) {
  if (dataset.in_memory()) return {dataset.info(), std::nullopt};
  const CropPolicy policy = guarded_call(dataset.id(), "crop_policy", [&] { return dataset.dataset().crop_policy(); });
  return {dataset.info(), policy.evaluation_fraction};
}

std::optional<ModelInput> known_model_input(const PluginRegistry& registry, const ContextServices& services,
                                            const ComponentUse& dataset, const std::filesystem::path& facts) {
  const ComponentSlot<Dataset> slot(registry, services, PipelineData::with_chosen_params(dataset, facts), "dataset");
  const auto answers_closed = [](Dataset& one) { return one.capability(ImageFiles::kCapability) != nullptr; };
  if (!slot.call("capability", answers_closed)) return std::nullopt;
  const std::optional<DatasetInfo> info =
      PipelineData::known_info(slot.call("info", [](Dataset& one) { return one.info(); }), facts);
  if (!info) return std::nullopt;
  if (slot.call("in_memory", [](Dataset& one) { return one.in_memory(); })) return ModelInput{*info, std::nullopt};
  const CropPolicy policy = slot.call("crop_policy", [](Dataset& one) { return one.crop_policy(); });
  return ModelInput{*info, policy.evaluation_fraction};
}

}  // namespace dha
