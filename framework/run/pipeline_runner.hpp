// Runs a pipeline: opens its data, trains its stages in order, and writes the run directory.
#pragma once

#include <optional>
#include <vector>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "report/console.hpp"
#include "run/run_report.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_origin.hpp"
#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"
#include "trial/trial_stage.hpp"

namespace dha {

class PipelineRunner {
 public:
  // `device`: the device selected for the pipeline's "device". `launch`: how trials are trained. References outlive the
  // object.
  PipelineRunner(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device,
                 const TrialLaunch& launch, Console& console, const RunDirectory& directory);

  // Trains all stages from the start, or continues from the newest good checkpoint of the directory, with data that may
  // differ as `allowed`. Does not change a finished run.
  // Returns the results in order. Throws a stage's exceptions; the run directory then contains everything up to that
  // point.
  std::vector<StageResult> run();
  std::vector<StageResult> resume(DataChange allowed);

 private:
  std::vector<StageResult> train(std::optional<DataChange> resuming);
  std::vector<StageResult> train_stages(std::optional<DataChange> resuming, Log& log, RunReport& report);
  void train_remaining(const RunContext& run, std::vector<StageResult>& results,
                       std::optional<State>& checkpoint) const;
  std::optional<State> find_position(std::vector<StageResult>& results, Log& log) const;
  StageResult train_stage(const RunContext& run, const StageConfig& config, const std::vector<StageResult>& done,
                          const State* checkpoint) const;
  StageResult train_network(const RunContext& run, const StageConfig& config, const std::vector<StageResult>& done,
                            const State* checkpoint) const;
  StageResult train_trials(const RunContext& run, const StageConfig& config,
                           const std::vector<StageResult>& done) const;
  StageResult train_each(const RunContext& run, const StageConfig& config, const std::vector<StageResult>& done) const;

  const PluginRegistry& registry_;
  const PipelineConfig& config_;
  const DeviceChoice& device_;
  const TrialLaunch& launch_;
  Console& console_;
  const RunDirectory& directory_;
};

}  // namespace dha
