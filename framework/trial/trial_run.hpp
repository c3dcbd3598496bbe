// Trains the trial of a directory: a run with one stage, which starts and ends at the points given by trial.json.
//
// It needs only the directory: pipeline.json, trial.json, and the weights that the trial starts from. Any launcher on
// any machine with the data can therefore train it; TrialStage is one.
#pragma once

#include <functional>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "report/console.hpp"
#include "stage/stage_trainer.hpp"
#include "storage/run_directory.hpp"
#include "trial/trial_files.hpp"

namespace dha {

class TrialRun {
 public:
  // `config`: the directory's pipeline.json. References outlive the object.
  TrialRun(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device, Console& console,
           const RunDirectory& directory);

  // Trains the trial, or the rest of it, and writes outcome.json. If that exists, returns it. A trial fails if it
  // diverges or a component throws: its outcome has the reason. Throws Error{kCancelled} after a checkpoint, and errors
  // that are not the trial's fault: kIo, kData.
  TrialResult run(const StageTrainer::KeepGoing& keep_going);

 private:
  TrialResult train(const TrialTask& task, Log& log, const StageTrainer::KeepGoing& keep_going);
  void begin(StageTrainer& trainer, const TrialTask& task, Log& log) const;
  StageOrigin origin(const TrialStartFiles& start) const;

  const PluginRegistry& registry_;
  const PipelineConfig& config_;
  const DeviceChoice& device_;
  Console& console_;
  const RunDirectory& directory_;
};

}  // namespace dha
