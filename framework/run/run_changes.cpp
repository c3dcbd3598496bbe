#include "run/run_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "dha/error.hpp"
#include "process/program_name.hpp"
#include "run/located_network.hpp"
#include "stage/results.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// A value of the pipeline that is not what the run has recorded.
struct Difference {
  std::string path;  // as --set takes it: "stages.search.epochs"
  std::string text;  // "stages.search.epochs is 3, was 2"
};

std::string value_text(const Json* value) {
  if (value == nullptr) return "not there";
  const std::string text = value->dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

void compare(const std::string& path, const Json* before, const Json* after, std::vector<Difference>& found) {
  if (before != nullptr && after != nullptr && *before == *after) return;
  if (before == nullptr || after == nullptr || !before->is_object() || !after->is_object()) {
    found.push_back({path, fmt::format("{} is {}, was {}", path, value_text(after), value_text(before))});
    return;
  }
  const auto below = [](const Json& object, const std::string& key) {
    const auto item = object.find(key);
    return item == object.end() ? nullptr : &*item;
  };
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [key, value] : before->items()) compare(prefix + key, &value, below(*after, key), found);
  for (const auto& [key, value] : after->items())
    if (!before->contains(key)) compare(prefix + key, nullptr, &value, found);
}

// Whether stage `name` has trained a step or asked for a trial.
bool has_begun(const RunDirectory& directory, const std::string& name) {
  return std::filesystem::exists(directory.file("stages") / name) ||
         !checkpoints_of(directory.file("checkpoints"), name).empty();
}

// What differs outside of the stages that have not begun; stages are compared one by one.
std::vector<Difference> differences(const PipelineConfig& before, const PipelineConfig& after, size_t begun) {
  Json was = Json::parse(before.resolved_json), is = Json::parse(after.resolved_json);
  std::vector<Difference> found;
  for (size_t i = 0; i < begun; ++i) {
    const std::string path = "stages." + before.stages[i].name;
    const bool is_there = i < after.stages.size() && after.stages[i].name == before.stages[i].name;
    compare(path, &was.at("stages").at(i), is_there ? &is.at("stages").at(i) : nullptr, found);
  }
  was.erase("stages");
  is.erase("stages");
  compare("", &was, &is, found);
  return found;
}

bool is_path_of_data(const std::string& key, const PipelineConfig& config, const PluginRegistry& registry) {
  constexpr std::string_view kPrefix = "dataset.";
  if (!key.starts_with(kPrefix)) return false;
  const Json schema = Json::parse(registry.find("dataset", config.dataset.component.id).schema_json);
  const Json& fields = schema.at("fields");
  return std::any_of(fields.begin(), fields.end(), [&](const Json& field) {
    return field.at("type") == "path" && field.at("name") == key.substr(kPrefix.size());
  });
}

bool is_allowed(const std::string& path, const PipelineConfig& config, const PluginRegistry& registry) {
  static const std::regex allowed(
      R"(stages\.[^.]+\.(epochs|trials\.count|trials\.parallel)|device|graph|loader_threads)"
      R"(|checkpoint_every_steps|checkpoint_every_minutes|keep_checkpoints|tensorboard)");
  return std::regex_match(path, allowed) || is_path_of_data(path, config, registry);
}

// `by_file`: pipeline.json itself differs from the record.
void check_allowed(const RunDirectory& directory, const std::vector<Difference>& found, const PipelineConfig& config,
                   const PluginRegistry& registry, bool by_file) {
  std::vector<std::string> refused;
  for (const Difference& one : found)
    if (!is_allowed(one.path, config, registry)) refused.push_back(one.text);
  if (refused.empty()) return;
  const std::string file = directory.file("pipeline.json").string();
  const std::string more = refused.size() > 1 ? fmt::format(" (and {} more)", refused.size() - 1) : "";
  const std::string back =
      by_file ? fmt::format("{} differs from the pipeline that the run began with: {}{}; put the old value back", file,
                            refused.front(), more)
              : fmt::format("--set: {}{}; leave it out", refused.front(), more);
  throw Error(
      ErrorCode::kUsage,
      fmt::format("{}, or start a new run from {}. A resumed run accepts stages.NAME.epochs, stages.NAME.trials.count, "
                  "stages.NAME.trials.parallel, device, graph, loader_threads, checkpoint_every_steps, "
                  "checkpoint_every_minutes, keep_checkpoints, tensorboard, paths of its data set (dataset.path), and "
                  "anything in stages that have not begun",
                  back, file));
}

// Whether the stage trains or searches longer than before.
bool grows(const StageConfig& before, const StageConfig& after) {
  if (after.trial_count < before.trial_count)
    throw Error(ErrorCode::kUsage, fmt::format("stage '{}' has {} trials and cannot have {}: a study can only grow",
                                               before.name, before.trial_count, after.trial_count));
  if (after.epochs < before.epochs)
    throw Error(ErrorCode::kUsage, fmt::format("stage '{}' has {} epochs and cannot have {}: a stage can only grow",
                                               before.name, before.epochs, after.epochs));
  if (after.epochs > before.epochs && (before.trials || before.pick.each))
    throw Error(ErrorCode::kUsage,
                fmt::format("stage '{}' trains trials, and their epochs cannot change; start a new run", before.name));
  return after.trial_count > before.trial_count || after.epochs > before.epochs;
}

// The end of a search cannot be undone: its architecture is derived and its components have seen the end.
void check_can_continue(const StageConfig& after, const StageConfig& before, const RunDirectory& directory,
                        const StageResult& result) {
  if (after.epochs == before.epochs) return;
  if (!std::filesystem::exists(directory.file(result.checkpoint)))
    throw Error(ErrorCode::kUsage,
                fmt::format("the run in {} was tidied up: it has no {}, from which stage '{}' would continue; copy it "
                            "back, or start a new run",
                            directory.path().string(), result.checkpoint, before.name));
  const State checkpoint = load_checkpoint(directory.file(result.checkpoint));
  if (Json::parse(checkpoint.json).at("network").at("supernet"))
    throw Error(
        ErrorCode::kUsage,
        fmt::format("the search of stage '{}' has finished and cannot have more epochs; start a new run", before.name));
}

// Training a run without its traces anew would replace its result.
void check_can_resume(const RunDirectory& directory, const PipelineConfig& config) {
  const auto is_there = [&](const char* name) { return std::filesystem::exists(directory.file(name)); };
  if (has_traces(directory, config)) return;
  if (!is_there("summary.json") && !is_there("model") && !is_there("model_best")) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("the run in {0} was tidied up: it has a result, but no stages.json and no checkpoint to "
                          "continue from; copy them back, or start a new run with: {1} run {0}/pipeline.json",
                          directory.path().string(), program_name()));
}

void forget_stage(const RunDirectory& directory, const std::string& stage) {
  std::filesystem::remove_all(directory.file("stages") / stage);
  for (const std::filesystem::path& file : checkpoints_of(directory.file("checkpoints"), stage))
    std::filesystem::remove(file);
}

}  // namespace

void record_pipeline(const RunDirectory& directory, const PipelineConfig& config) {
  write_file_atomically(directory.file(kRecordFile), config.resolved_json);
}

PipelineConfig resumed_pipeline(const RunDirectory& directory, const std::vector<Override>& changes,
                                const PluginRegistry& registry) {
  const std::filesystem::path file = directory.file("pipeline.json"), record = directory.file(kRecordFile);
  const PipelineConfig written = load_pipeline(file, {}, registry);
  const PipelineConfig changed = changes.empty() ? written : load_pipeline(file, changes, registry);
  const PipelineConfig before = std::filesystem::exists(record) ? load_pipeline(record, {}, registry) : written;
  check_can_resume(directory, before);
  std::vector<StageResult> results = read_results(directory, before);
  if (before.resolved_json == changed.resolved_json) {
    // A run of an earlier version has none.
    if (!std::filesystem::exists(record) && results.size() < changed.stages.size()) record_pipeline(directory, changed);
    return changed;
  }
  size_t begun = std::min(results.size(), before.stages.size());
  if (begun < before.stages.size() && has_begun(directory, before.stages[begun].name)) ++begun;
  check_allowed(directory, differences(before, changed, begun), before, registry,
                written.resolved_json != before.resolved_json);
  size_t first = begun;  // of the stages that grow
  for (size_t i = begun; i-- > 0;)
    if (grows(before.stages[i], changed.stages[i])) first = i;
  if (results.size() > first) {
    check_can_continue(changed.stages[first], before.stages[first], directory, results[first]);
    for (size_t i = first + 1; i < before.stages.size(); ++i) forget_stage(directory, before.stages[i].name);
    results.resize(first);
    write_stages(directory, results);
  }
  write_file_atomically(file, changed.resolved_json);
  record_pipeline(directory, changed);
  return changed;
}

}  // namespace dha
