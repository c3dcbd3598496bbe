// The network of a run as far as it got: the final one of a finished run, else that of the newest good checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/stage_result.hpp"
#include "stage/trained_stage.hpp"
#include "storage/run_directory.hpp"

namespace dha {

class EarlierStages;

// Of the epochs whose weights a run keeps.
enum class Weights {
  kLast,
  kBest,  // by validation accuracy; of the last stage
};

// How far the run got, and which of its weights are used.
struct RunProgress {
  bool is_finished = false;  // all stages; the rest is of the last stage then
  std::string stage;
  Weights weights = Weights::kLast;
  int64_t epochs = 0, planned_epochs = 0;  // done with these weights, and of the stage
  int64_t steps = 0;                       // of the epoch after them
  bool is_decided = true;  // the architecture; else the network is that of all of them, as it is searched
};

// "stage", "epochs", "planned_epochs", "steps" and "architecture_decided" of a run that has not finished.
nlohmann::ordered_json unfinished_json(const RunProgress& progress);

class RunNetwork {
 public:
  // Opens the run's data set, which may differ as `allowed`, and restores the network on `device`. Trains nothing and
  // takes no lock, so the run may be under way. References outlive the object. Throws Error{kUsage} where the run has
  // no checkpoint yet or has no best epoch, and Error{kData} where the data set differs by more, the checkpoint of the
  // best epoch is gone, or nothing of the run can be read.
  RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             at::Device device, DataChange allowed, Weights weights = Weights::kLast);

  const RunProgress& progress() const { return progress_; }

  // Sentences about checkpoints that were passed over because they are damaged.
  const std::vector<std::string>& damage() const { return damage_; }

  // The stage whose network it is, as it was trained, and its images.
  const StageConfig& config() const { return config_; }
  const RunImages& images() const { return data_.images(); }
  const StageImages& stage_images() const { return stage_images_; }
  const DatasetInfo& dataset() const { return data_.dataset().info(); }

  const TrainedStage& network() const { return *network_; }

  // Leaves the network in `folder` as a model/ (stage/model_files.hpp). Throws Error{kIo}.
  void write_model(const std::filesystem::path& folder, Log& log) const;

 private:
  StageConfig locate(Weights weights);
  StageConfig locate_last(const EarlierStages& earlier);
  StageConfig locate_best(const EarlierStages& earlier);
  Error no_best(const StageConfig& stage) const;
  std::unique_ptr<TrainedStage> open() const;

  const RunDirectory& directory_;
  const PipelineConfig& pipeline_;
  const PluginRegistry& registry_;
  const std::vector<StageResult> results_;
  RunProgress progress_;
  std::vector<std::string> damage_;
  std::optional<State> checkpoint_;  // empty where model/ has the network
  const StageConfig config_;
  const ContextServices services_;
  const PipelineData data_;
  const StageImages stage_images_;
  std::unique_ptr<TrainedStage> network_;
};

}  // namespace dha
