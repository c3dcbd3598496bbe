#include "record/run_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "report/csv.hpp"
#include "report/json_fields.hpp"
#include "report/metric_rows.hpp"
#include "report/picture_files.hpp"
#include "storage/atomic_file.hpp"
#include "trial/trial_json.hpp"
#include "trial/trial_table.hpp"

namespace dha {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

// "" for a file that is absent or cannot be read.
std::string text_of(const fs::path& file) {
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) return "";
  try {
    return read_file(file);
  } catch (const Error&) {
    return "";
  }
}

// null for a file that is absent or no JSON.
Json json_of(const fs::path& file) {
  Json json = Json::parse(text_of(file), nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json() : json;
}

std::optional<Measured> measured_at(const Json& json, const char* key) {
  const Json value = field_at(json, key);
  const std::optional<double> accuracy = number_at(value, "accuracy");
  if (!accuracy) return std::nullopt;
  return Measured{*accuracy, number_at(value, "loss").value_or(0), count_at(value, "images")};
}

// "" for null.
std::string dumped(const Json& json) {
  return json.is_null() ? "" : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void take_pipeline(const Json& pipeline, RunRecord& record) {
  record.pipeline = dumped(pipeline);
  record.name = text_at(pipeline, "name");
  record.seed = text_at(pipeline, "seed");
  record.precision = text_at(pipeline, "precision");
  record.dataset_id = text_at(field_at(pipeline, "dataset"), "use");
  record.dataset_path = text_at(field_at(pipeline, "dataset"), "path");
  for (const Json& stage : field_at(pipeline, "stages")) {
    StageRecord planned;
    planned.name = text_at(stage, "name");
    planned.planned_epochs = count_at(stage, "epochs");
    planned.has_trials = !field_at(stage, "trials").is_null() || text_at(stage, "pick") == "each";
    record.stages.push_back(planned);
  }
}

void take_results(const Json& stages, RunRecord& record) {
  size_t over = 0;
  for (const Json& result : field_at(stages, "stages")) {
    if (over == record.stages.size()) break;
    StageRecord& stage = record.stages[over++];
    stage.is_over = true;
    stage.epochs = count_at(result, "epochs");
    stage.seconds = number_at(result, "seconds").value_or(0);
    stage.images_per_second = number_at(result, "images_per_second").value_or(0);
    stage.validation = measured_at(result, "validation");
    stage.test = measured_at(result, "test");
    stage.choices = count_at(result, "choices");
    stage.changed_choices = count_at(result, "changed_choices");
    record.costs.clear();
    const Json cost = field_at(result, "cost");
    for (const auto& [name, value] : cost.items())
      if (value.is_number()) record.costs.emplace_back(name, value.get<double>());
  }
  record.is_finished = !record.stages.empty() && over == record.stages.size();
}

void take_dataset(const Json& dataset, RunRecord& record) {
  const Json identity = field_at(dataset, "identity");
  record.data_identity = dumped(identity);
  for (const Json& name : field_at(identity, "class_names"))
    if (name.is_string()) record.class_names.push_back(name.get<std::string>());
  for (const char* split : {"train", "validation", "test"})
    if (const int64_t images = count_at(field_at(identity, split), "images"); images > 0)
      record.images.emplace_back(split, images);
}

void take_rows(const fs::path& folder, const std::vector<std::string_view>& events, RunRecord& record) {
  for (const Json& json : metric_rows(folder / "metrics.jsonl", events)) {
    MetricRow row{text_at(json, "stage"), count_at(json, "epoch"), count_at(json, "step"), {}};
    for (const auto& [name, value] : json.items())
      if (value.is_number() && name != "epoch" && name != "step") row.values[name] = value.get<double>();
    (text_at(json, "event") == "epoch" ? record.epochs : record.steps).push_back(std::move(row));
  }
}

// Whether it is a square matrix with one row per operation.
bool is_complete(const PolicyRecord& policy) {
  const size_t size = policy.operations.size();
  return size > 0 && policy.probabilities.size() == size &&
         std::all_of(policy.probabilities.begin(), policy.probabilities.end(),
                     [&](const auto& row) { return row.size() == size; });
}

void take_policies(const Json& policies, RunRecord& record) {
  for (const Json& augmenter : field_at(policies, "augmenters")) {
    PolicyRecord policy{text_at(augmenter, "use"), text_at(policies, "stage"), {}, {}};
    const Json said = field_at(augmenter, "policy");
    try {
      policy.operations = field_at(said, "operations").get<std::vector<std::string>>();
      policy.probabilities = field_at(said, "probabilities").get<std::vector<std::vector<double>>>();
    } catch (const Json::exception&) {
      continue;  // another kind of policy
    }
    if (is_complete(policy)) record.policies.push_back(std::move(policy));
  }
}

void take_trials(const fs::path& folder, RunRecord& record) {
  std::vector<std::string> stages;
  for (const StageRecord& stage : record.stages) stages.push_back(stage.name);
  for (const TrialRow& row : read_trials(folder, stages)) {
    TrialRecord trial;
    trial.stage = row.stage;
    trial.id = row.trial.id;
    const Json settings = Json::parse(row.trial.settings, nullptr, /*allow_exceptions=*/false);
    if (settings.is_object())
      for (const auto& [pointer, value] : settings.items())
        trial.settings.emplace_back(pointer, value.is_string() ? value.get<std::string>() : value.dump());
    if (row.outcome) {
      trial.status = status_name(row.outcome->status);
      trial.epochs = row.outcome->epochs;
      trial.seconds = row.outcome->seconds;
      for (const Quantity& one : row.outcome->measurements) trial.values[one.name] = one.value;
      for (const Quantity& one : row.outcome->cost) trial.values[one.name] = one.value;
    }
    record.trials.push_back(std::move(trial));
  }
}

void take_environment(const Json& environment, RunRecord& record) {
  if (!environment.is_object()) return;
  for (const auto& [key, value] : environment.items())
    if (value.is_primitive()) record.environment.emplace_back(key, text_at(environment, key.c_str()));
  for (const Json& plugin : field_at(environment, "plugins"))
    record.plugins.emplace_back(text_at(plugin, "name"), text_at(plugin, "version"));
}

// The classes of a confusion.csv, which are numbers where the data set names none.
std::vector<std::string> classes_of(const std::string& confusion) {
  const auto rows = parse_csv(std::string_view(confusion));
  if (rows.empty() || rows[0].size() < 3) return {};
  return {rows[0].begin() + 2, rows[0].end()};
}

// Only those of a finished run: while its last stage trains longer, they are those of its first end.
void take_predictions(const fs::path& folder, RunRecord& record) {
  if (record.class_names.empty()) record.class_names = classes_of(text_of(folder / kConfusionFile));
  record.predictions = parse_predictions(text_of(folder / kPredictionsFile), record.class_names);
  record.mistakes_png = text_of(folder / kMistakesFile);
}

}  // namespace

const StageRecord* RunRecord::stage(const std::string& wanted) const {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const auto& one) { return one.name == wanted; });
  return found == stages.end() ? nullptr : &*found;
}

std::vector<ImagePrediction> RunRecord::predictions_of(const std::string& split) const {
  std::vector<ImagePrediction> rows;
  std::copy_if(predictions.begin(), predictions.end(), std::back_inserter(rows),
               [&](const ImagePrediction& one) { return one.split == split; });
  return rows;
}

RunRecord read_outcome(const fs::path& folder) {
  RunRecord record;
  take_pipeline(json_of(folder / "pipeline.json"), record);
  take_results(json_of(folder / "stages.json"), record);
  take_dataset(json_of(folder / "dataset.json"), record);
  const Json summary = json_of(folder / "summary.json");
  record.peak_memory_bytes = number_at(summary, "peak_memory_bytes");
  record.unreadable_images = number_at(summary, "unreadable_images");
  return record;
}

RunRecord read_epochs(const fs::path& folder) {
  RunRecord record = read_outcome(folder);
  take_rows(folder, {"epoch"}, record);
  return record;
}

RunRecord read_run(const fs::path& folder) {
  RunRecord record = read_outcome(folder);
  take_rows(folder, {"epoch", "step"}, record);
  take_policies(json_of(folder / "policy.json"), record);
  record.architecture = text_of(folder / "architecture.json");
  record.drawing = text_of(folder / "architecture.svg");
  record.early_augmented_png = text_of(folder / kEarlyAugmentedFile);
  record.late_augmented_png = text_of(folder / kLateAugmentedFile);
  if (record.is_finished) take_predictions(folder, record);
  take_trials(folder, record);
  take_environment(json_of(folder / "environment.json"), record);
  return record;
}

}  // namespace dha
