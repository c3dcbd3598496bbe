#include "run/run_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dha/error.hpp"
#include "stage/model_files.hpp"
#include "storage/atomic_file.hpp"
#include "storage/model_folder.hpp"
#include "storage/run_lock.hpp"

namespace dha {

namespace {

namespace fs = std::filesystem;

bool lies_in(const fs::path& folder, const fs::path& parent) {
  const fs::path below = fs::weakly_canonical(folder).lexically_relative(fs::canonical(parent));
  return !below.empty() && *below.begin() != "..";
}

void lock(std::optional<RunLock>& lock, const RunDirectory& directory) {
  try {
    lock.emplace(directory);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    throw Error(ErrorCode::kUsage, fmt::format("another process trains in {}; wait until it ends, stop it, or choose a "
                                               "folder elsewhere with --output",
                                               directory.path().string()));
  }
}

// A README.md that is not the model's must not be replaced.
void check_is_for_models(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / kModelFile, error)) return;
  const std::vector<std::string>& names = model_file_names();
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(ErrorCode::kUsage, fmt::format("--output: '{}' contains '{}', which is no file of a model; name a new "
                                               "or empty folder",
                                               folder.string(), name));
  }
}

}  // namespace

RunExport export_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                     at::Device device, Weights weights, const fs::path& folder, DataChange allowed, Log& log) {
  std::optional<RunLock> held;
  if (lies_in(folder, directory.path())) lock(held, directory);
  remove_abandoned_temporaries(folder);
  check_is_for_models(folder);
  const RunNetwork run(directory, config, registry, device, allowed, weights, OpenData::kIfNeeded);
  run.write_model(folder, log);
  RunExport result{{}, run.progress(), run.damage()};
  for (const std::string& name : model_file_names())
    if (fs::exists(folder / name)) result.files.push_back(name);
  return result;
}

}  // namespace dha
