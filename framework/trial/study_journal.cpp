#include "trial/study_journal.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "report/quantities_json.hpp"
#include "storage/atomic_file.hpp"
#include "storage/local_time.hpp"
#include "trial/study_parameters.hpp"
#include "trial/trial_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// JournalOperation of optuna/storages/journal/_storage.py, since Optuna 3.1.
enum Operation {
  kCreateStudy = 0,
  kSetStudySystemAttribute = 3,
  kCreateTrial = 4,
  kSetParameter = 5,
  kSetStateAndValues = 6,
  kSetIntermediateValue = 7,
  kSetUserAttribute = 8,
};

// TrialState and StudyDirection of Optuna.
enum TrialState { kComplete = 1, kPruned = 2, kFail = 3 };
enum Direction { kMinimise = 1, kMaximise = 2 };

std::optional<double> finite(const Quantities& quantities, const std::string& name) {
  const std::optional<double> value = quantities.find(name);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

// Of all objectives, or null where one is missing.
Json values_of(const TrialOutcome& outcome, const std::vector<StudyObjective>& objectives) {
  Json values = Json::array();
  for (const StudyObjective& objective : objectives) {
    std::optional<double> value = finite(outcome.measurements, objective.quantity);
    if (!value) value = finite(outcome.cost, objective.quantity);
    if (!value) return nullptr;
    values.push_back(*value);
  }
  return values;
}

Json parsed(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(text) : json;
}

// A ledger of an earlier version has no times, of which Optuna needs some.
std::string time_of(const std::string& recorded) { return recorded.empty() ? iso_time_now() : recorded; }

TrialState state_of(TrialStatus status, const Json& values) {
  if (status == TrialStatus::kStopped) return kPruned;
  return status == TrialStatus::kFinished && !values.is_null() ? kComplete : kFail;
}

}  // namespace

std::vector<StudyObjective> study_objectives(const Json& report) {
  std::vector<StudyObjective> objectives;
  for (const Json& one : report.is_object() ? report.value("objectives", Json::array()) : Json::array())
    if (one.is_object() && one.value("quantity", Json()).is_string())
      objectives.push_back({one.at("quantity"), one.value("better", Json()) != "smaller"});
  if (objectives.empty()) objectives.push_back({quantity::kValidationAccuracy});
  return objectives;
}

StudyJournal::StudyJournal(const std::filesystem::path& file, const Study& study) : lines_(file), study_(study) {
  std::istringstream written(read_file(file));
  for (std::string line; std::getline(written, line);) {
    const Json operation = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!operation.is_object()) continue;
    number_ += operation.value("op_code", -1) == kCreateStudy;
    next_trial_ += operation.value("op_code", -1) == kCreateTrial;
  }
  Json directions = Json::array(), names = Json::array();
  for (const StudyObjective& objective : study.objectives) {
    directions.push_back(objective.is_maximised ? kMaximise : kMinimise);
    names.push_back(objective.quantity);
  }
  put(kCreateStudy, {{"study_name", study.name}, {"directions", directions}});
  put(kSetStudySystemAttribute, {{"study_id", number_}, {"system_attr", {{"study:metric_names", names}}}});
}

void StudyJournal::write(const LedgerEvent& event, const std::string& error) {
  if (const auto* asked = std::get_if<TrialAsked>(&event))
    write(*asked);
  else if (const auto* kept = std::get_if<TrialKept>(&event))
    write(*kept);
  else
    write(std::get<TrialTold>(event), error);
}

// Settings that are no parameters of Optuna are attributes, as is the architecture.
void StudyJournal::write(const TrialAsked& asked) {
  const int64_t trial = trials_[asked.trial.id] = next_trial_++;
  put(kCreateTrial, {{"study_id", number_}, {"datetime_start", time_of(asked.time)}});
  const Json settings = Json::parse(asked.trial.settings), tunable = Json::parse(study_.tunable);
  for (const auto& [pointer, value] : settings.items()) {
    std::vector<StudyParameter> parameters;
    if (tunable.contains(pointer)) parameters = study_parameters(pointer, value, tunable.at(pointer));
    for (const StudyParameter& parameter : parameters)
      put(kSetParameter, {{"trial_id", trial},
                          {"param_name", parameter.name},
                          {"param_value_internal", parameter.value},
                          {"distribution", parameter.distribution}});
    if (parameters.empty()) put_attribute(trial, study_name_of(pointer), value);
  }
  put_attribute(trial, "run", (study_.folder / std::to_string(asked.trial.id)).string());
  if (!asked.trial.architecture.empty()) put_attribute(trial, "architecture", parsed(asked.trial.architecture));
}

// Optuna has intermediate values of one objective only.
void StudyJournal::write(const TrialKept& kept) {
  if (study_.objectives.size() > 1) return;
  const std::optional<double> value = finite(kept.epoch.measurements, study_.objectives.front().quantity);
  if (value)
    put(kSetIntermediateValue,
        {{"trial_id", trials_.at(kept.id)}, {"step", kept.epoch.progress.epoch + 1}, {"intermediate_value", *value}});
}

void StudyJournal::write(const TrialTold& told, const std::string& error) {
  const TrialOutcome& outcome = told.outcome;
  const int64_t trial = trials_.at(outcome.id);
  Json values = values_of(outcome, study_.objectives);
  const TrialState state = state_of(outcome.status, values);
  const bool has_values = state == kComplete || (state == kPruned && study_.objectives.size() == 1);
  for (const Quantities* quantities : {&outcome.measurements, &outcome.cost})
    for (const Quantity& one : *quantities)
      if (std::isfinite(one.value)) put_attribute(trial, one.name, number_to_json(one.value));
  put_attribute(trial, "epochs", outcome.epochs);
  if (std::isfinite(outcome.seconds)) put_attribute(trial, "seconds", outcome.seconds);
  if (state == kFail) {
    const bool has_failed = outcome.status != TrialStatus::kFinished;
    put_attribute(trial, "status", status_name(outcome.status));
    put_attribute(trial, "error", has_failed ? error : "it was not measured by all objectives of the search");
  }
  put(kSetStateAndValues, {{"trial_id", trial},
                           {"state", state},
                           {"values", has_values ? values : Json(nullptr)},
                           {"datetime_complete", time_of(told.time)}});
}

void StudyJournal::put(int operation, const Json& fields) {
  Json line{{"op_code", operation}, {"worker_id", "dha"}};
  line.update(fields);
  lines_.write(line);
}

void StudyJournal::put_attribute(int64_t trial, const std::string& name, const Json& value) {
  put(kSetUserAttribute, {{"trial_id", trial}, {"user_attr", {{name, value}}}});
}

}  // namespace dha
