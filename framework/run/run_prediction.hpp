// Classifies image files with the network of a run, as far as the run got, or with that of a model/ alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/run_progress.hpp"
#include "storage/run_directory.hpp"

namespace dha {

struct PredictionRequest {
  std::vector<std::string> images;   // files, and folders whose images are meant
  int64_t top = 5;                   // classes to report per image, at least 1; at most all are reported
  Weights weights = Weights::kLast;  // of a run; a model/ alone has but one set
};

struct ClassProbability {
  std::string name;  // the class's number, from 0, if the data set names none
  double probability = 0;
};

struct Prediction {
  std::string image;                  // its path
  std::vector<ClassProbability> top;  // the most probable class first
};

struct PredictedImages {
  std::vector<Prediction> images;       // in the order of the request; of a folder in byte order
  std::vector<std::string> unreadable;  // sentences about the images that cannot be read
  std::vector<std::string> left_out;    // sentences about other files in the folders
  RunProgress progress;                 // of the weights; finished where a model/ of an earlier version was used
  std::vector<std::string> damage;      // LocatedNetwork::damage()
};

// Images are read, cropped and scaled as in evaluations of the run, by an unopened component of its data set. A
// finished run needs its pipeline.json and model/ only; of one that has not finished, the data set is opened if that is
// needed (run_network.hpp). Throws Error{kUsage} if the data set reads no other images, Error{kData} for a folder
// without an image, and the errors of RunNetwork.
PredictedImages predict_with_run(const RunDirectory& directory, const PipelineConfig& config,
                                 const PluginRegistry& registry, at::Device device, const PredictionRequest& request);

// `folder`: a model/. Throws Error{kUsage} for a supernet too, and Error{kData} if the files are damaged.
PredictedImages predict_with_model(const std::filesystem::path& folder, const PluginRegistry& registry,
                                   at::Device device, const PredictionRequest& request);

}  // namespace dha
