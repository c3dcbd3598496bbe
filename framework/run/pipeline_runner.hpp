// Runs a pipeline: opens its data, trains its stages one after the other, and leaves the run directory.
#pragma once

#include <optional>
#include <vector>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "report/console.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_trainer.hpp"
#include "storage/run_directory.hpp"

namespace dha {

class PipelineRunner {
 public:
  // `device`: what the pipeline's "device" came to. References outlive the object.
  PipelineRunner(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device,
                 Console& console, const RunDirectory& directory);

  // Trains all stages from the start, or goes on from the newest good checkpoint of the directory.
  // Returns the results in order. Throws what a stage throws; the run directory then has everything up to there.
  std::vector<StageResult> run();
  std::vector<StageResult> resume();

 private:
  std::vector<StageResult> train(bool resuming);
  std::vector<StageResult> train_stages(bool resuming, Log& log);
  std::optional<State> find_position(std::vector<StageResult>& results, Log& log) const;
  StageResult train_stage(const RunContext& scene, const StageConfig& config, const std::vector<StageResult>& done,
                          const State* checkpoint);
  const StageConfig& config_named(const std::string& name) const;

  const PluginRegistry& registry_;
  const PipelineConfig& config_;
  const DeviceChoice& device_;
  Console& console_;
  const RunDirectory& directory_;
};

}  // namespace dha
