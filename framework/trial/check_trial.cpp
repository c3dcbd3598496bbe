#include "trial/check_trial.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "pipeline/tunable.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

[[noreturn]] void refuse(const Trial& trial, const StageConfig& stage, const std::string& what) {
  throw Error(ErrorCode::kContractViolation,
              fmt::format("{}: ask() gave trial {} of stage '{}' {}", stage.trials.id, trial.id, stage.name, what));
}

void check_epochs(const Trial& trial, const StageConfig& stage) {
  const int64_t last = trial.last_epoch.value_or(stage.epochs);
  if (trial.first_epoch < 0 || trial.first_epoch >= last || last > stage.epochs)
    refuse(trial, stage,
           fmt::format("first_epoch {} and last_epoch {}; expected 0 <= first_epoch < last_epoch <= {}, the stage's "
                       "epochs",
                       trial.first_epoch, last, stage.epochs));
}

// A setting may also name an item of a tunable list.
bool is_tunable(const std::string& pointer, const Json& tunable) {
  for (const auto& [known, field] : tunable.items())
    if (pointer == known || (field.at("type") == "list" && pointer.starts_with(known + "/"))) return true;
  return false;
}

void check_settings(const Trial& trial, const StageConfig& stage, const PluginRegistry& registry) {
  const Json settings = Json::parse(trial.settings, nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) return;
  const Json tunable = Json::parse(tunable_parameters(stage, registry));
  std::vector<std::string> names;
  for (const auto& [pointer, field] : tunable.items()) names.push_back(pointer);
  for (const auto& [pointer, value] : settings.items()) {
    if (is_tunable(pointer, tunable)) continue;
    const std::string near = nearest(pointer, names);
    refuse(trial, stage,
           fmt::format("the setting '{}', which is not declared tunable; {}", pointer,
                       near.empty() ? "Stage::tunable() names what a trial may set" : "did you mean '" + near + "'?"));
  }
}

}  // namespace

void check_trial(const Trial& trial, const StageConfig& stage, const PluginRegistry& registry) {
  check_epochs(trial, stage);
  check_settings(trial, stage, registry);
}

}  // namespace dha
