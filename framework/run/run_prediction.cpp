#include "run/run_prediction.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "component/component_slot.hpp"
#include "data/listed_images.hpp"
#include "dha/error.hpp"
#include "process/long_work.hpp"
#include "process/program_name.hpp"
#include "report/json_problem.hpp"
#include "run/located_network.hpp"
#include "run/run_network.hpp"
#include "stage/model_components.hpp"
#include "stage/model_files.hpp"
#include "stage/saved_network.hpp"
#include "storage/model_folder.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

// The images of a request, as the data set reads image files.
class RequestedImages {
 public:
  RequestedImages(const PluginRegistry& registry, const ComponentUse& dataset, const std::vector<std::string>& paths)
      : slot_(registry, ContextServices(), dataset, "dataset"), files_(image_files()) {
    const LongWork work("listing images");
    for (const std::string& path : paths) {
      if (std::error_code unknown; fs::is_directory(path, unknown))
        add_folder(path);
      else
        paths_.push_back(path);
    }
    if (slot_.call("in_memory", [](Dataset& one) { return one.in_memory(); })) return;
    policy_ = slot_.call("crop_policy", [](Dataset& one) { return one.crop_policy(); });
  }

  const std::string& id() const { return slot_.id(); }
  const std::vector<std::string>& paths() const { return paths_; }
  const std::vector<std::string>& left_out() const { return left_out_; }

  // For a network with inputs of `info`.
  std::shared_ptr<ListedImages> listed(const DatasetInfo& info) const {
    return std::make_shared<ListedImages>(files_, info, policy_, paths_);
  }

 private:
  const ImageFiles& image_files() const {
    const void* files = slot_.call("capability", [](Dataset& one) { return one.capability(ImageFiles::kCapability); });
    if (files == nullptr)
      throw Error(ErrorCode::kUsage,
                  fmt::format("{} reads no images other than those of its data set, because it lacks the ability {}; "
                              "make a data set of the images, and measure it with: {} eval RUN --set dataset.path=DIR",
                              slot_.id(), ImageFiles::kCapability, program_name()));
    return *static_cast<const ImageFiles*>(files);
  }

  void add_folder(const std::string& folder) {
    FolderImages found = slot_.call("find", [&](Dataset&) { return files_.find(folder); });
    if (found.paths.empty())
      throw Error(ErrorCode::kData,
                  fmt::format("the folder '{}' contains no image; name one that does, or leave it out", folder));
    paths_.insert(paths_.end(), found.paths.begin(), found.paths.end());
    left_out_.insert(left_out_.end(), found.left_out.begin(), found.left_out.end());
  }

  const ComponentSlot<Dataset> slot_;
  const ImageFiles& files_;           // the component's
  std::optional<CropPolicy> policy_;  // of a data set that reads single images
  std::vector<std::string> paths_, left_out_;
};

using Classify = std::function<Classified(const ImageSet&)>;

std::string name_of(const DatasetInfo& info, int64_t label) {
  return info.class_names.empty() ? std::to_string(label) : info.class_names.at(static_cast<size_t>(label));
}

PredictedImages predict(const RequestedImages& requested, const DatasetInfo& info, const Classify& classify) {
  const std::shared_ptr<ListedImages> images = requested.listed(info);
  const OpenDataset source(requested.id(), images, OpenDataset::WithoutClasses());
  std::vector<int64_t> all(requested.paths().size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const Classified found = classify(ImageSet(source, Split::kTest, std::move(all)));

  PredictedImages predictions;
  predictions.left_out = requested.left_out();
  for (const auto& [position, problem] : images->problems()) predictions.unreadable.push_back(problem);
  const int64_t* position = found.labels.const_data_ptr<int64_t>();
  const int64_t* label = found.classes.const_data_ptr<int64_t>();
  const double* probability = found.probabilities.const_data_ptr<double>();
  for (int64_t i = 0; i < found.labels.size(0); ++i) {
    Prediction& one = predictions.images.emplace_back();
    one.image = requested.paths()[static_cast<size_t>(*position++)];
    for (int64_t k = 0; k < found.classes.size(1); ++k) one.top.push_back({name_of(info, *label++), *probability++});
  }
  return predictions;
}

PredictedImages predict_with(const SavedNetwork& network, const RequestedImages& requested, const FeedOptions& options,
                             int64_t top) {
  return predict(requested, network.info(),
                 [&](const ImageSet& images) { return network.classify(*make_feed(images, options), top); });
}

// The data set of a run as its network sees it: with the parameters that it chose itself.
ComponentUse dataset_of(const RunDirectory& directory, const LocatedNetwork& located, const PipelineConfig& config) {
  const fs::path model = located.model() ? located.model_folder() : directory.file("model");
  ComponentUse use = config.dataset.component;
  for (const fs::path& facts : {directory.file(kDatasetFile), model / kDatasetFile})
    use = PipelineData::with_chosen_params(use, facts);
  return use;
}

ComponentUse dataset_of_folder(const nlohmann::ordered_json& description, const fs::path& folder,
                               const PluginRegistry& registry) {
  if (!description.contains("dataset"))
    throw Error(ErrorCode::kData, fmt::format("{} does not say how images are read, because an earlier version of dha "
                                              "wrote it; give the folder of its run",
                                              (folder / kModelFile).string()));
  try {
    return read_dataset_of_model(description.at("dataset"), registry, folder);
  } catch (const nlohmann::ordered_json::exception& error) {
    throw Error(ErrorCode::kData, fmt::format("{} is damaged: {}; copy the model again", (folder / kModelFile).string(),
                                              json_problem(error)));
  }
}

}  // namespace

PredictedImages predict_with_run(const RunDirectory& directory, const PipelineConfig& config,
                                 const PluginRegistry& registry, at::Device device, const PredictionRequest& request) {
  const LocatedNetwork located(directory, config, registry, request.weights);
  const RequestedImages requested(registry, dataset_of(directory, located, config), request.images);
  PredictedImages predictions;
  if (located.model()) {
    const SavedNetwork network(located.model_folder(), *located.model(), registry, device, config.channels_last);
    predictions = predict_with(
        network, requested,
        {.batch_size = config.stages.back().batch_size, .device = device, .threads = config.loader_threads},
        request.top);
  } else {
    const RunNetwork run(directory, config, registry, device, DataChange::kSameClasses, located, OpenData::kIfNeeded);
    predictions = predict(requested, run.dataset(),
                          [&](const ImageSet& images) { return run.network().classify(images, request.top); });
  }
  predictions.progress = located.progress();
  predictions.damage = located.damage();
  return predictions;
}

PredictedImages predict_with_model(const fs::path& folder, const PluginRegistry& registry, at::Device device,
                                   const PredictionRequest& request) {
  const nlohmann::ordered_json description = read_model_description(folder);
  const std::optional<RunProgress> origin = origin_of(description, folder);
  const RequestedImages requested(registry, dataset_of_folder(description, folder, registry), request.images);
  const PipelineConfig usual;
  const SavedNetwork network(folder, read_model(folder), registry, device, usual.channels_last);
  PredictedImages predictions =
      predict_with(network, requested, {.device = device, .threads = usual.loader_threads}, request.top);
  if (origin)
    predictions.progress = *origin;
  else
    predictions.progress.is_finished = true;
  return predictions;
}

}  // namespace dha
