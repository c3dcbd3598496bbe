#include "run/early_end.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "run/run_export.hpp"
#include "stage/results.hpp"

namespace dha {

namespace {

EarlyEnd export_model(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                      at::Device device, Log& log) {
  try {
    const RunExport exported = export_run(directory, config, registry, device, Weights::kLast, directory.file("model"),
                                          DataChange::kSameClasses, log);
    for (const std::string& one : exported.damage) log.write(LogLevel::kWarning, "checkpoint", one);
    return {exported.progress, ""};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kIo) throw;
    return {RunProgress(), error.what()};
  }
}

}  // namespace

EarlyEnd end_early(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                   at::Device device, Log& log) {
  const std::vector<StageResult> results = read_results(directory, config);
  EarlyEnd end = export_model(directory, config, registry, device, log);
  RunProgress& progress = end.progress;
  if (!end.no_model.empty()) {  // the stage under way has trained no step, or trains trials
    const StageConfig& stage = config.stages.at(results.size());
    progress.stage = stage.name;
    progress.planned_epochs = stage.epochs;
    progress.is_decided = false;
  }
  write_unfinished_summary(directory, config, device.str(), results, unfinished_json(progress));
  return end;
}

}  // namespace dha
