#include "stage/saved_network.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "component/copy_by_name.hpp"
#include "dha/error.hpp"
#include "model/precision.hpp"
#include "stage/model_components.hpp"
#include "stage/model_files.hpp"
#include "step/scoped_mode.hpp"
#include "storage/model_folder.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

DatasetInfo info_of(const Json& description) {
  DatasetInfo info;
  info.class_names = description.at("class_names").get<std::vector<std::string>>();
  info.classes = description.value("classes", static_cast<int64_t>(info.class_names.size()));
  const Json& input = description.at("input");
  info.channels = input.at("channels");
  info.height = input.at("height");
  info.width = input.at("width");
  info.mean = description.at("mean").get<std::vector<double>>();
  info.standard_deviation = description.at("standard_deviation").get<std::vector<double>>();
  return info;
}

}  // namespace

SavedNetwork::SavedNetwork(const std::filesystem::path& folder, const PluginRegistry& registry, at::Device device,
                           bool channels_last)
    : device_(device) {
  const Json description = read_model_description(folder);
  if (description.value("network", "") != "decided")
    throw Error(ErrorCode::kUsage,
                fmt::format("{} has the weights of a whole supernet, of which no decided network could be made; give "
                            "the folder of its run, whose checkpoints tell what the search came to",
                            folder.string()));
  const SavedModel model = read_model(folder);
  ComponentUse space;
  try {
    precision_ = description.value("precision", "fp32");
    info_ = info_of(description);
    space = read_space_of_model(description.at("space"), registry);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kData,
                fmt::format("{} is damaged: {}; copy the model again", (folder / kModelFile).string(), error.what()));
  }
  const at::TensorOptions options = at::TensorOptions(device).dtype(weight_type(precision_));
  space_ = std::make_unique<GuardedSpace>(registry, ContextServices{nullptr, device, 0, {}}, space, "space");
  space_->prepare(info_);
  network_ = space_->lean(model.architecture, options);
  copy_by_name(model.tensors, network_->parameters());
  copy_by_name(model.tensors, network_->buffers());
  network_->set_mode(kEvaluationMode);
  normalizer_ = std::make_unique<Normalizer>(info_, options, channels_last);
}

Classified SavedNetwork::classify(BatchFeed& feed, int64_t top) const {
  return dha::classify(*network_, {}, feed, {*normalizer_, precision_, device_}, top);
}

}  // namespace dha
