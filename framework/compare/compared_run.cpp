#include "compare/compared_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "dha/error.hpp"
#include "record/run_record.hpp"
#include "report/json_fields.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_end.hpp"
#include "storage/run_lock.hpp"
#include "storage/sha256.hpp"

namespace dha::compare {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

constexpr size_t kShownDigits = 8;  // of a checksum, for people

constexpr const char* kNone = "none";  // of a setting, for people

Json pipeline_of(const RunRecord& record, const fs::path& folder) {
  Json pipeline = Json::parse(record.pipeline, nullptr, /*allow_exceptions=*/false);
  if (field_at(pipeline, "stages").is_array() && field_at(pipeline, "dataset").is_object()) return pipeline;
  throw Error(ErrorCode::kData, fmt::format("{} is damaged or no pipeline; repair it, or leave its run out",
                                            (folder / "pipeline.json").string()));
}

Settings comparable_settings(Json pipeline) {
  for (const char* key : {"seed", "$schema", "loader_threads", "checkpoint_every_steps", "checkpoint_every_minutes",
                          "keep_checkpoints", "tensorboard"})
    pipeline.erase(key);
  pipeline["dataset"].erase("path");  // its content is in the conditions
  const std::string device = text_at(pipeline, "device");
  if (device.starts_with("cuda:")) pipeline["device"] = "cuda";  // runs may take turns with devices
  return settings_of(pipeline);
}

// The beginning of a checksum; empty if unknown.
std::string data_of(const RunRecord& record) {
  if (record.data_identity.empty()) return "";
  Sha256 sha256;
  sha256.update(record.data_identity);
  return sha256.finish().substr(0, kShownDigits);
}

// All epochs that the stages may train, those of trials included.
int64_t planned_epochs(const Json& stages) {
  int64_t sum = 0;
  for (const Json& stage : stages)
    sum += count_at(stage, "epochs", 1) * count_at(field_at(stage, "trials"), "count", 1);
  return sum;
}

std::string batch_sizes(const Json& stages) {
  std::set<int64_t> sizes;
  for (const Json& stage : stages) sizes.insert(count_at(stage, "batch_size", 0));
  std::string text;
  for (const int64_t size : sizes) text += (text.empty() ? "" : " and ") + std::to_string(size);
  return text;
}

// Before images are held out; empty if unknown.
std::string training_images(const Json& dataset, const RunRecord& record) {
  for (const auto& [split, images] : record.images)
    if (split == "train") return std::to_string(std::min(images, count_at(dataset, "limit_train", images)));
  return "";
}

Conditions conditions_of(const Json& pipeline, const RunRecord& record) {
  const Json dataset = field_at(pipeline, "dataset"), stages = field_at(pipeline, "stages");
  return {{"data", data_of(record)},
          {"training images", training_images(dataset, record)},
          {"limit_train", text_at(dataset, "limit_train", kNone)},
          {"limit_test", text_at(dataset, "limit_test", kNone)},
          {"validation_fraction of the data set", text_at(dataset, "validation_fraction", kNone)},
          {"test_fraction", text_at(dataset, "test_fraction", kNone)},
          {"split_seed", text_at(dataset, "split_seed", kNone)},
          {"validation_fraction of the last stage",
           stages.empty() ? kNone : text_at(stages.back(), "validation_fraction", kNone)},
          {"planned epochs", std::to_string(planned_epochs(stages))},
          {"batch size", batch_sizes(stages)}};
}

void take_results(const RunRecord& record, ComparedRun& run) {
  for (const StageRecord& stage : record.stages) run.seconds += stage.seconds;
  for (const auto& [name, cost] : record.costs) {
    if (name == "parameters") run.parameters = cost;
    if (name == "multiply_adds") run.multiply_adds = cost;
  }
  if (!record.is_finished) return;
  run.status = RunStatus::kFinished;
  const StageRecord& last = record.stages.back();
  if (last.test) run.test_accuracy = last.test->accuracy;
  if (last.validation) run.validation_accuracy = last.validation->accuracy;
}

void take_end(ComparedRun& run) {
  if (run.status == RunStatus::kFinished) return;
  const std::optional<RunEnd> end = read_run_end(run.folder);
  if (end && end->reason == run_end::kDiverged) run.status = RunStatus::kDiverged;
  run.reason = end ? end->message : is_locked(RunDirectory::open(run.folder)) ? "it is under way" : "it was killed";
}

}  // namespace

ComparedRun read_compared_run(const fs::path& folder) {
  const RunRecord record = read_outcome(folder);
  const Json pipeline = pipeline_of(record, folder);
  ComparedRun run;
  run.folder = folder;
  run.name = record.name;
  run.seed = record.seed;
  run.settings = comparable_settings(pipeline);
  run.conditions = conditions_of(pipeline, record);
  take_results(record, run);
  take_end(run);
  return run;
}

}  // namespace dha::compare
