#include "trial/trial_files.hpp"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "report/quantities_json.hpp"
#include "storage/atomic_file.hpp"
#include "trial/trial_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kTrialFormat = "dha.trial/1";
constexpr const char* kOutcomeFormat = "dha.outcome/1";

const char* mode_name(CarryMode mode) { return mode == CarryMode::kExact ? "exact" : "shared"; }

CarryMode mode_from_name(const std::string& name) {
  if (name == "exact") return CarryMode::kExact;
  if (name == "shared") return CarryMode::kShared;
  throw Error(ErrorCode::kData, fmt::format("expected the mode exact or shared, found '{}'", name));
}

Json to_json(const std::optional<TrialStartFiles>& start) {
  if (!start) return nullptr;
  return {{"pipeline", start->pipeline},
          {"checkpoint", start->checkpoint},
          {"carry", start->carry},
          {"mode", mode_name(start->mode)}};
}

std::optional<TrialStartFiles> start_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  TrialStartFiles start;
  start.pipeline = json.at("pipeline");
  start.checkpoint = json.at("checkpoint");
  start.carry = json.at("carry").get<std::vector<std::string>>();
  start.mode = mode_from_name(json.at("mode"));
  return start;
}

// Text of a component as JSON, or as the text that it is: a trial may have failed because it is malformed.
Json parsed(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(text) : json;
}

// null where it was not measured.
Json measured(const Quantities& measurements, const char* name) {
  const std::optional<double> value = measurements.find(name);
  return value ? number_to_json(*value) : Json(nullptr);
}

void write(const std::filesystem::path& file, const Json& json) {
  // What fails a trial may be text that is not UTF-8.
  write_file_atomically(file, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// Calls `take` with the content of `file`; what is wrong with it is an error that names the file.
void read(const std::filesystem::path& file, const char* format, const std::function<void(const Json&)>& take) {
  const std::string text = read_input_file(file);
  try {
    const Json json = Json::parse(text);
    if (const Json found = json.at("format"); found != format)
      throw Error(ErrorCode::kData, fmt::format("expected the format \"{}\", found {}", format, found.dump()));
    take(json);
  } catch (const std::exception& fault) {
    throw Error(ErrorCode::kData, fmt::format("'{}' cannot be used: {}; remove the trial's directory, and the run "
                                              "trains it again",
                                              file.string(), fault.what()));
  }
}

}  // namespace

void write_trial_task(const std::filesystem::path& directory, const TrialTask& task) {
  write(directory / kTrialFile, {{"format", kTrialFormat},
                                 {"id", task.id},
                                 {"stage", task.stage},
                                 {"path", task.path},
                                 {"first_epoch", task.first_epoch},
                                 {"last_epoch", task.last_epoch ? Json(*task.last_epoch) : Json(nullptr)},
                                 {"settings", parsed(task.settings)},
                                 {"threads", task.threads},
                                 {"start", to_json(task.start)}});
}

TrialTask read_trial_task(const std::filesystem::path& directory) {
  TrialTask task;
  read(directory / kTrialFile, kTrialFormat, [&](const Json& json) {
    task.id = json.at("id");
    task.stage = json.at("stage");
    task.path = json.at("path");
    task.first_epoch = json.at("first_epoch");
    if (!json.at("last_epoch").is_null()) task.last_epoch = json.at("last_epoch").get<int64_t>();
    task.settings = json.at("settings").dump();
    task.threads = json.at("threads");
    task.start = start_from_json(json.at("start"));
  });
  return task;
}

void write_trial_result(const std::filesystem::path& directory, const TrialResult& result) {
  const TrialOutcome& outcome = result.outcome;
  Json json{{"format", kOutcomeFormat},
            {"id", outcome.id},
            {"status", status_name(outcome.status)},
            {"settings", parsed(result.settings)}};
  json["architecture"] = result.architecture.empty() ? Json(nullptr) : parsed(result.architecture);
  json["validation_accuracy"] = measured(outcome.measurements, quantity::kValidationAccuracy);
  json["validation_loss"] = measured(outcome.measurements, quantity::kValidationLoss);
  json["costs"] = to_json(outcome.cost);
  json["measurements"] = to_json(outcome.measurements);
  json["epochs"] = outcome.epochs;
  json["seconds"] = number_to_json(outcome.seconds);
  if (!result.error.empty()) json["error"] = result.error;
  write(directory / kOutcomeFile, json);
}

TrialResult read_trial_result(const std::filesystem::path& directory) {
  TrialResult result;
  read(directory / kOutcomeFile, kOutcomeFormat, [&](const Json& json) {
    result.outcome = trial_outcome_from_json(json);
    result.settings = json.at("settings").dump();
    if (!json.at("architecture").is_null()) result.architecture = json.at("architecture").dump();
    result.error = json.value("error", "");
  });
  return result;
}

}  // namespace dha
