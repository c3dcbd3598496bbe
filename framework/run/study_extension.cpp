#include "run/study_extension.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <regex>

#include "dha/error.hpp"
#include "stage/results.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

void check_form(const Override& change) {
  static const std::regex expected(R"(stages\.[^.]+\.trials\.(count|parallel))");
  if (!std::regex_match(change.path, expected))
    throw Error(ErrorCode::kUsage,
                fmt::format("--set {}={}: a run that is resumed can take stages.NAME.trials.count and "
                            "stages.NAME.trials.parallel only; run its pipeline.json again for other changes",
                            change.path, change.value));
}

// The first stage whose study grows; the number of stages where none does.
size_t first_extended(const PipelineConfig& before, const PipelineConfig& after) {
  size_t first = before.stages.size();
  for (size_t i = before.stages.size(); i-- > 0;) {
    if (after.stages[i].trial_count < before.stages[i].trial_count)
      throw Error(ErrorCode::kUsage,
                  fmt::format("stage '{}' has {} trials and cannot have {}: a study can only grow",
                              before.stages[i].name, before.stages[i].trial_count, after.stages[i].trial_count));
    if (after.stages[i].trial_count > before.stages[i].trial_count) first = i;
  }
  return first;
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

PipelineConfig extend_studies(const RunDirectory& directory, const PipelineConfig& config,
                              const std::vector<Override>& changes, const PluginRegistry& registry) {
  for (const Override& change : changes) check_form(change);
  const PipelineConfig extended = load_pipeline(directory.file("pipeline.json"), changes, registry);
  const size_t first = first_extended(config, extended);
  std::vector<StageResult> results = read_results(directory);
  if (results.size() > first) {
    for (size_t i = first + 1; i < config.stages.size(); ++i) forget_stage(directory, config.stages[i].name);
    results.resize(first);
    write_stages(directory, results);
  }
  write_file_atomically(directory.file("pipeline.json"), extended.resolved_json);
  return extended;
}

}  // namespace dha
