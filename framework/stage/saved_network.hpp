// The network of a model/ folder, to classify images: nothing else of the run is needed.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "component/guarded_space.hpp"
#include "data/batch_feed.hpp"
#include "model/normalizer.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/model_files.hpp"
#include "step/classify.hpp"

namespace dha {

class SavedNetwork {
 public:
  // `folder`: a model/, of which `model` was read. `registry` outlives the object. Throws Error{kData} if the files are
  // damaged or do not belong together, Error{kUsage} for a supernet, Error{kNotFound} if the plugin of the space is not
  // there.
  SavedNetwork(const std::filesystem::path& folder, const SavedModel& model, const PluginRegistry& registry,
               at::Device device, bool channels_last);

  // Of the data that the network was trained on, with mean and standard deviation.
  const DatasetInfo& info() const { return info_; }

  // The `top` most probable classes of each image of `feed`.
  Classified classify(BatchFeed& feed, int64_t top) const;

 private:
  std::string precision_;
  DatasetInfo info_;
  at::Device device_;
  std::unique_ptr<GuardedSpace> space_;
  std::unique_ptr<Network> network_;  // destroyed before the space that created it
  std::unique_ptr<Normalizer> normalizer_;
};

}  // namespace dha
