// The network of a run as far as it got: the final one of a finished run, else that of the newest good checkpoint.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "run/located_network.hpp"
#include "stage/model_input.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/run_progress.hpp"
#include "stage/trained_stage.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// When the data set of a run is opened.
enum class OpenData {
  kAtOnce,    // for its images
  kIfNeeded,  // if running statistics must be recomputed, or the run's files do not tell what a network takes
};

class RunNetwork {
 public:
  // Restores the network on `device`. The run's data set, where it is opened, may differ as `allowed`. Trains nothing
  // and takes no lock, so the run may be under way. References outlive the object. Throws the errors of LocatedNetwork,
  // and Error{kData} where the data set cannot be opened or differs by more.
  RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             at::Device device, DataChange allowed, Weights weights = Weights::kLast,
             OpenData when = OpenData::kAtOnce);

  // The same, of a network that was located before.
  RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             at::Device device, DataChange allowed, LocatedNetwork located, OpenData when);

  const RunProgress& progress() const { return located_.progress(); }

  // Sentences about files that were passed over because they are damaged.
  const std::vector<std::string>& damage() const { return located_.damage(); }

  // The stage whose network it is, as it was trained.
  const StageConfig& config() const { return config_; }

  // Its images, with OpenData::kAtOnce.
  const RunImages& images() const { return data_->images(); }
  StageImages stage_images() const { return choose_stage_images(images(), config_, pipeline_.seed); }

  // Of the data that the network was trained on.
  const DatasetInfo& dataset() const { return input_.info; }

  const TrainedStage& network() const { return *network_; }

  // Leaves the network in `folder` as a model/ (stage/model_files.hpp). Throws Error{kIo}.
  void write_model(const std::filesystem::path& folder, Log& log) const;

 private:
  void open_data();
  void open_data_for(const char* purpose);
  ModelInput read_input(OpenData when);
  std::unique_ptr<TrainedStage> open();

  const PipelineConfig& pipeline_;
  const PluginRegistry& registry_;
  const DataChange allowed_;
  const LocatedNetwork located_;
  const std::filesystem::path facts_;  // what the data was
  const StageConfig config_;
  const ContextServices services_;
  std::unique_ptr<PipelineData> data_;  // null while it is not open
  const ModelInput input_;
  std::unique_ptr<TrainedStage> network_;
};

}  // namespace dha
