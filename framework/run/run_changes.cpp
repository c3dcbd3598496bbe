#include "run/run_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "dha/error.hpp"
#include "stage/results.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

bool is_path_of_data(const std::string& key, const PipelineConfig& config, const PluginRegistry& registry) {
  constexpr std::string_view kPrefix = "dataset.";
  if (!key.starts_with(kPrefix)) return false;
  const Json schema = Json::parse(registry.find("dataset", config.dataset.component.id).schema_json);
  const Json& fields = schema.at("fields");
  return std::any_of(fields.begin(), fields.end(), [&](const Json& field) {
    return field.at("type") == "path" && field.at("name") == key.substr(kPrefix.size());
  });
}

void check_form(const Override& change, const PipelineConfig& config, const PluginRegistry& registry) {
  static const std::regex of_stage(R"(stages\.[^.]+\.(epochs|trials\.count|trials\.parallel))");
  if (change.path == "graph" || std::regex_match(change.path, of_stage) ||
      is_path_of_data(change.path, config, registry))
    return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("--set {}={}: a resumed run accepts only stages.NAME.epochs, stages.NAME.trials.count, "
                  "stages.NAME.trials.parallel, graph and paths of its data set (dataset.path); for other changes "
                  "start a new run from its pipeline.json",
                  change.path, change.value));
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
  const State checkpoint = load_checkpoint(directory.file(result.checkpoint));
  if (Json::parse(checkpoint.json).at("network").at("supernet"))
    throw Error(
        ErrorCode::kUsage,
        fmt::format("the search of stage '{}' has finished and cannot have more epochs; start a new run", before.name));
}

void forget_stage(const RunDirectory& directory, const std::string& stage) {
  std::filesystem::remove_all(directory.file("stages") / stage);
  const std::filesystem::path checkpoints = directory.file("checkpoints");
  if (!std::filesystem::is_directory(checkpoints)) return;
  const std::regex its_own(stage + R"(-\d+(\.\d+)?\.safetensors)");
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints))
    if (std::regex_match(entry.path().filename().string(), its_own)) std::filesystem::remove(entry.path());
}

}  // namespace

PipelineConfig change_run(const RunDirectory& directory, const PipelineConfig& config,
                          const std::vector<Override>& changes, const PluginRegistry& registry) {
  for (const Override& change : changes) check_form(change, config, registry);
  const PipelineConfig changed = load_pipeline(directory.file("pipeline.json"), changes, registry);
  size_t first = config.stages.size();  // of the stages that grow
  for (size_t i = config.stages.size(); i-- > 0;)
    if (grows(config.stages[i], changed.stages[i])) first = i;
  std::vector<StageResult> results = read_results(directory);
  if (results.size() > first) {
    check_can_continue(changed.stages[first], config.stages[first], directory, results[first]);
    for (size_t i = first + 1; i < config.stages.size(); ++i) forget_stage(directory, config.stages[i].name);
    results.resize(first);
    write_stages(directory, results);
  }
  write_file_atomically(directory.file("pipeline.json"), changed.resolved_json);
  return changed;
}

}  // namespace dha
