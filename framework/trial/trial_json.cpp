#include "trial/trial_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "report/quantities_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::pair<TrialStatus, std::string_view> kStatusNames[] = {{TrialStatus::kFinished, "finished"},
                                                                     {TrialStatus::kFailed, "failed"},
                                                                     {TrialStatus::kStopped, "stopped"},
                                                                     {TrialStatus::kRejected, "rejected"}};

Json to_json(const TrialStart& start) {
  Json json = Json::object();
  if (start.trial) json["trial"] = *start.trial;
  if (!start.stage.empty()) json["stage"] = start.stage;
  json["carry"] = start.carry;
  return json;
}

TrialStart start_from_json(const Json& json) {
  TrialStart start;
  if (json.contains("trial")) start.trial = json.at("trial").get<int64_t>();
  start.stage = json.value("stage", "");
  start.carry = json.at("carry").get<std::vector<std::string>>();
  return start;
}

}  // namespace

Json to_json(const Trial& trial) {
  Json json{{"id", trial.id},
            {"architecture", trial.architecture},
            {"settings", trial.settings},
            {"first_epoch", trial.first_epoch}};
  if (trial.last_epoch) json["last_epoch"] = *trial.last_epoch;
  if (trial.start) json["start"] = to_json(*trial.start);
  return json;
}

Trial trial_from_json(const Json& json) {
  Trial trial;
  trial.id = json.at("id");
  trial.architecture = json.at("architecture");
  trial.settings = json.at("settings");
  trial.first_epoch = json.at("first_epoch");
  if (json.contains("last_epoch")) trial.last_epoch = json.at("last_epoch").get<int64_t>();
  if (json.contains("start")) trial.start = start_from_json(json.at("start"));
  return trial;
}

Json to_json(const TrialOutcome& outcome) {
  return {{"id", outcome.id},
          {"status", status_name(outcome.status)},
          {"measurements", to_json(outcome.measurements)},
          {"costs", to_json(outcome.cost)},
          {"epochs", outcome.epochs},
          {"seconds", number_to_json(outcome.seconds)}};
}

TrialOutcome trial_outcome_from_json(const Json& json) {
  TrialOutcome outcome;
  outcome.id = json.at("id");
  outcome.status = status_from_name(json.at("status").get<std::string>());
  outcome.measurements = quantities_from_json(json.at("measurements"));
  outcome.cost = quantities_from_json(json.at("costs"));
  outcome.epochs = json.at("epochs");
  outcome.seconds = number_from_json(json.at("seconds"));
  return outcome;
}

Json to_json(const EpochOutcome& outcome) {
  return {{"epoch", outcome.progress.epoch},
          {"epochs", outcome.progress.epochs},
          {"step", outcome.progress.step},
          {"steps_per_epoch", outcome.progress.steps_per_epoch},
          {"measurements", to_json(outcome.measurements)}};
}

EpochOutcome epoch_outcome_from_json(const Json& json) {
  EpochOutcome outcome;
  outcome.progress = {json.at("epoch"), json.at("epochs"), json.at("step"), json.at("steps_per_epoch")};
  outcome.measurements = quantities_from_json(json.at("measurements"));
  return outcome;
}

std::string_view status_name(TrialStatus status) {
  for (const auto& [known, name] : kStatusNames)
    if (known == status) return name;
  throw Error(ErrorCode::kInternal, "a trial's status has no name");
}

TrialStatus status_from_name(std::string_view name) {
  for (const auto& [status, known] : kStatusNames)
    if (known == name) return status;
  throw Error(ErrorCode::kData,
              fmt::format("expected the status finished, failed, stopped or rejected, found '{}'", name));
}

}  // namespace dha
