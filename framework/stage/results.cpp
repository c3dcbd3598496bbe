#include "stage/results.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "device/memory.hpp"
#include "dha/error.hpp"
#include "report/console.hpp"
#include "report/json_problem.hpp"
#include "report/quantities_json.hpp"
#include "step/metrics.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kStagesFormat = "dha.stages/3";

void write_json(const std::filesystem::path& file, const Json& json) {
  write_file_atomically(file, json.dump(2) + "\n");
}

// Leaves out the fields that only `dha resume` reads, and lists costs next to the other fields.
Json for_people(const StageResult& result) {
  Json json = to_json(result);
  for (const char* key : {"steps", "architecture", "checkpoint", "best_checkpoint", "outcomes", "files", "unreadable",
                          "unreadable_at_open", "cost"})
    json.erase(key);
  json.update(to_json(result.cost));
  if (json.at("settings").empty()) json.erase("settings");
  if (!result.outcomes.empty()) json["trial"] = result.outcomes.front().trial;
  return json;
}

std::string percent(const std::optional<Measurement>& measurement) {
  return measurement ? fmt::format("{:.2f} %", 100 * measurement->accuracy()) : "";
}

// 3349342 as "3.35 M".
std::string count(const std::optional<double>& counted) {
  if (!counted) return "";
  const double value = *counted;
  if (value >= 10'000'000'000) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 100'000) return fmt::format("{:.2f} M", value / 1e6);
  return fmt::format("{:.1f} k", value / 1e3);
}

// `results`: of the stages that are over.
Json summary_of(const PipelineConfig& config, const std::string& device, const std::vector<StageResult>& results) {
  double seconds = 0;
  for (const StageResult& result : results) seconds += result.seconds;
  const StageResult last = results.empty() ? StageResult() : results.back();
  const StageMeasurements& measured = last.measurements;
  Json summary{{"name", config.name},
               {"seed", config.seed},
               {"device", device},
               {"precision", config.precision},
               {"finished", results.size() == config.stages.size()}};
  for (const Metric& metric : metrics())
    summary[fmt::format("test_{}", metric.name)] =
        measured.test ? Json(measured.test->values.at(metric.name)) : Json(nullptr);
  summary["epoch"] = last.epochs;
  summary["best_epoch_by_validation"] = nullptr;
  if (measured.best_epoch)
    summary["best_epoch_by_validation"] = {
        {"epoch", *measured.best_epoch},
        {"validation_accuracy", measured.best_validation->accuracy()},
        {"test_accuracy", measured.best_test ? Json(measured.best_test->accuracy()) : Json(nullptr)},
        {"checkpoint", last.best_checkpoint.empty() ? Json(nullptr) : Json(last.best_checkpoint)}};
  summary.update(to_json(last.cost));
  summary["seconds"] = seconds;
  summary["peak_memory_bytes"] = peak_host_memory_bytes();
  summary["unreadable_images"] = last.unreadable.size() + static_cast<size_t>(last.unreadable_at_open);
  summary["stages"] = Json::array();
  for (const StageResult& result : results) summary["stages"].push_back(for_people(result));
  return summary;
}

}  // namespace

void write_results(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                   const std::vector<StageResult>& results) {
  write_json(directory.file("summary.json"), summary_of(config, device, results));
  write_stages(directory, results);  // last: a run continues from it, and would not write the other
}

void write_unfinished_summary(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                              const std::vector<StageResult>& results, const Json& unfinished) {
  Json summary = summary_of(config, device, results);
  summary["unfinished"] = unfinished;
  write_json(directory.file("summary.json"), summary);
}

void write_stages(const RunDirectory& directory, const std::vector<StageResult>& results) {
  Json stages = Json::array();
  for (const StageResult& result : results) stages.push_back(to_json(result));
  write_json(directory.file("stages.json"), {{"format", kStagesFormat}, {"stages", stages}});
}

std::vector<StageResult> read_results(const RunDirectory& directory) {
  const std::filesystem::path file = directory.file("stages.json");
  if (!std::filesystem::exists(file)) return {};
  std::vector<StageResult> results;
  try {
    const Json json = Json::parse(read_input_file(file));
    if (json.at("format") != kStagesFormat)
      throw Error(ErrorCode::kData,
                  fmt::format("{} has format {}, this version of dha reads \"{}\"; use the version that wrote it",
                              file.string(), json.at("format").dump(), kStagesFormat));
    for (const Json& stage : json.at("stages")) results.push_back(stage_result_from_json(stage));
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::kData, fmt::format("{} is damaged: {}; copy the run again", file.string(), json_problem(e)));
  }
  return results;
}

std::vector<StageResult> read_results(const RunDirectory& directory, const PipelineConfig& config) {
  std::vector<StageResult> results = read_results(directory);
  for (size_t i = 0; i < results.size(); ++i)
    if (i >= config.stages.size() || config.stages[i].name != results[i].name)
      throw Error(ErrorCode::kData,
                  fmt::format("{} has the results of stage '{}' at position {}, but {} has {}; put the pipeline.json "
                              "back that the run began with",
                              directory.file("stages.json").string(), results[i].name, i,
                              directory.file("pipeline.json").string(),
                              i < config.stages.size() ? fmt::format("stage '{}'", config.stages[i].name)
                                                       : fmt::format("{} stages", config.stages.size())));
  return results;
}

std::string results_table(const std::vector<StageResult>& results) {
  std::vector<std::vector<std::string>> rows{
      {"stage", "epochs", "time", "images/s", "train", "validation", "test", "parameters", "multiply-adds"}};
  for (const StageResult& result : results)
    rows.push_back({result.name, fmt::format("{}", result.epochs), format_duration(result.seconds),
                    fmt::format("{:.0f}", result.images_per_second),
                    fmt::format("{:.2f} %", 100 * result.train_accuracy), percent(result.measurements.validation),
                    percent(result.measurements.test), count(result.cost.find(quantity::kParameters)),
                    count(result.cost.find(quantity::kMultiplyAdds))});
  return format_table(rows);
}

}  // namespace dha
