#include "stage/saved_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "component/copy_by_name.hpp"
#include "dha/error.hpp"
#include "model/precision.hpp"
#include "report/json_problem.hpp"
#include "stage/model_components.hpp"
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

// What of `info` no network can have; empty where there is nothing.
std::string problem_of(const DatasetInfo& info) {
  const auto channels = static_cast<size_t>(info.channels);
  if (info.classes < 2 || (info.channels != 1 && info.channels != 3) || info.height < 1 || info.width < 1)
    return fmt::format("it has {} classes and images with {} channels and {} x {} px", info.classes, info.channels,
                       info.height, info.width);
  if (!info.class_names.empty() && static_cast<int64_t>(info.class_names.size()) != info.classes)
    return fmt::format("it has {} class names for {} classes", info.class_names.size(), info.classes);
  const auto is_finite = [](double value) { return std::isfinite(value); };
  const auto is_divisor = [](double value) { return std::isfinite(value) && value > 0; };
  if (info.mean.size() != channels || !std::all_of(info.mean.begin(), info.mean.end(), is_finite) ||
      info.standard_deviation.size() != channels ||
      !std::all_of(info.standard_deviation.begin(), info.standard_deviation.end(), is_divisor))
    return fmt::format("its mean and standard deviation are not those of {} channels", channels);
  return "";
}

Error damaged(const std::filesystem::path& folder, const std::string& problem) {
  return {ErrorCode::kData,
          fmt::format("{} is damaged: {}; copy the model again", (folder / kModelFile).string(), problem)};
}

}  // namespace

SavedNetwork::SavedNetwork(const std::filesystem::path& folder, const SavedModel& model, const PluginRegistry& registry,
                           at::Device device, bool channels_last)
    : device_(device) {
  const Json description = read_model_description(folder);
  if (!is_decided(description))
    throw Error(ErrorCode::kUsage,
                fmt::format("{} has the weights of a whole supernet, of which no decided network could be made; give "
                            "the folder of its run, whose checkpoints tell what the search came to",
                            folder.string()));
  ComponentUse space;
  try {
    precision_ = description.value("precision", "fp32");
    info_ = info_of(description);
    space = read_space_of_model(description.at("space"), registry);
  } catch (const Json::exception& error) {
    throw damaged(folder, json_problem(error));
  }
  if (const std::string problem = problem_of(info_); !problem.empty()) throw damaged(folder, problem);
  const at::TensorOptions options = at::TensorOptions(device).dtype(weight_type(precision_));
  space_ = std::make_unique<GuardedSpace>(registry, ContextServices{nullptr, device, 0, {}}, space, "space");
  try {
    space_->prepare(info_);
    network_ = space_->lean(model.architecture, options);
    copy_by_name(model.tensors, network_->parameters());
    copy_by_name(model.tensors, network_->buffers());
  } catch (const Error& error) {
    throw misfit(folder, error);
  }
  network_->set_mode(kEvaluationMode);
  normalizer_ = std::make_unique<Normalizer>(info_, options, channels_last);
}

Classified SavedNetwork::classify(BatchFeed& feed, int64_t top) const {
  return dha::classify(*network_, {}, feed, {*normalizer_, precision_, device_}, top);
}

}  // namespace dha
