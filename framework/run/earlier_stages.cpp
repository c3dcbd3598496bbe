#include "run/earlier_stages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dha/error.hpp"
#include "pipeline/stage_json.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

const StageResult& EarlierStages::result(const std::string& stage) const {
  const auto found =
      std::find_if(results_.begin(), results_.end(), [&](const StageResult& one) { return one.name == stage; });
  if (found == results_.end()) throw Error(ErrorCode::kInternal, "no finished stage is named '" + stage + "'");
  return *found;
}

const StageConfig& EarlierStages::config_named(const std::string& stage) const {
  return *std::find_if(config_.stages.begin(), config_.stages.end(),
                       [&](const StageConfig& one) { return one.name == stage; });
}

StageConfig EarlierStages::config_of(const StageOutcome& outcome) const {
  return load_pipeline(directory_.file(outcome.directory) / "pipeline.json", {}, registry_).stages.front();
}

StageConfig EarlierStages::config_as_trained(const std::string& stage) const {
  const StageResult& earlier = result(stage);
  if (!earlier.outcomes.empty()) return config_of(earlier.outcomes.front());
  return with_settings(config_named(stage), earlier.settings, registry_);
}

TakenSettings EarlierStages::settings(const StageConfig& stage) const {
  if (stage.from.empty()) return {};
  if (const StageOutcome* picked = outcome(stage)) return settings(stage, *picked);
  return taken_settings(result(stage.from).settings, config_as_trained(stage.from), stage);
}

TakenSettings EarlierStages::settings(const StageConfig& stage, const StageOutcome& outcome) const {
  return taken_settings(outcome.settings, config_of(outcome), stage);
}

StageConfig EarlierStages::config_to_train(const StageConfig& stage) const {
  return stage.pick.each ? stage : with_settings(stage, settings(stage).settings, registry_);
}

// The outcome that `pick` names; null where the earlier stage trained no trials.
const StageOutcome* EarlierStages::outcome(const StageConfig& stage) const {
  const StageResult& earlier = result(stage.from);
  if (earlier.outcomes.empty()) return nullptr;
  const auto index = static_cast<size_t>(stage.pick.index.value_or(0));
  if (index >= earlier.outcomes.size())
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("stage '{}' picks outcome {} of stage '{}', which has {}; pick one from 0 to {}",
                            stage.name, index, stage.from, earlier.outcomes.size(), earlier.outcomes.size() - 1));
  return &earlier.outcomes[index];
}

StageOrigin EarlierStages::origin(const StageConfig& stage) const {
  const StageOutcome* picked = outcome(stage);
  if (picked == nullptr)
    return {config_as_trained(stage.from), load_checkpoint(directory_.file(result(stage.from).checkpoint)), stage.carry,
            CarryMode::kExact};
  return {config_of(*picked), load_checkpoint(directory_.file(picked->checkpoint)), stage.carry, CarryMode::kExact};
}

TrialOrigin EarlierStages::trial_origin(const TrialStart& start) const {
  const StageResult* earlier = nullptr;
  for (const StageResult& one : results_)
    if (one.name == start.stage) earlier = &one;
  if (earlier == nullptr)
    throw Error(
        ErrorCode::kContractViolation,
        fmt::format("a trial starts from stage '{}', which is not an earlier stage of the pipeline", start.stage));
  const std::string pipeline = earlier->outcomes.empty()
                                   ? trial_pipeline(config_, config_as_trained(start.stage), config_.name)
                                   : read_file(directory_.file(earlier->outcomes.front().directory) / "pipeline.json");
  return {pipeline, directory_.file(earlier->checkpoint), start.carry, CarryMode::kShared};
}

TrialOrigin EarlierStages::outcome_origin(const StageConfig& stage, int64_t index) const {
  const StageOutcome& picked = result(stage.from).outcomes.at(static_cast<size_t>(index));
  return {read_file(directory_.file(picked.directory) / "pipeline.json"), directory_.file(picked.checkpoint),
          stage.carry, CarryMode::kExact};
}

}  // namespace dha
