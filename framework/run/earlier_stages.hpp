// The results of finished stages for later ones: the trained configuration, and a checkpoint.
#pragma once

#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/trial_settings.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/stage_origin.hpp"
#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"
#include "trial/trial_stage.hpp"

namespace dha {

// References outlive the object.
class EarlierStages {
 public:
  EarlierStages(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                const std::vector<StageResult>& results)
      : directory_(directory), config_(config), registry_(registry), results_(results) {}

  // Throws Error{kInternal} for a stage that is not finished.
  const StageResult& result(const std::string& stage) const;

  // The starting point of `stage`: the stage named by its `from`, or the outcome of it named by `pick`. Throws
  // Error{kInvalidConfig} if there is no such outcome.
  StageOrigin origin(const StageConfig& stage) const;

  // What `stage` takes of the settings that trials found: those of the outcome that `pick` names, or those that the
  // stage it comes from was trained with. Of `outcome`, where `stage` continues with each.
  TakenSettings settings(const StageConfig& stage) const;
  TakenSettings settings(const StageConfig& stage, const StageOutcome& outcome) const;

  // `stage`, which has not begun, as it is to be trained: with those settings, unless it picks each outcome.
  StageConfig config_to_train(const StageConfig& stage) const;

  // The stage as trained; for a stage of trials, its preferred outcome as trained.
  StageConfig config_as_trained(const std::string& stage) const;

  // For a trial that starts from `stage`, with its shared weights; for outcome `index` of `stage` as it is.
  TrialOrigin trial_origin(const TrialStart& start) const;
  TrialOrigin outcome_origin(const StageConfig& stage, int64_t index) const;

 private:
  const StageConfig& config_named(const std::string& stage) const;
  const StageOutcome* outcome(const StageConfig& stage) const;
  StageConfig config_of(const StageOutcome& outcome) const;

  const RunDirectory& directory_;
  const PipelineConfig& config_;
  const PluginRegistry& registry_;
  const std::vector<StageResult>& results_;
};

}  // namespace dha
