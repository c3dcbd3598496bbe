#include "compare/find_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "dha/error.hpp"
#include "storage/io_error.hpp"
#include "trial/trial_files.hpp"

namespace dha::compare {

namespace {

namespace fs = std::filesystem;

bool has_file(const fs::path& folder, const char* name) {
  std::error_code ignored;
  return fs::is_regular_file(folder / name, ignored);
}

// A pipeline file may be called pipeline.json and be next to runs/; a run has more.
bool is_run(const fs::path& folder) {
  return has_file(folder, "pipeline.json") && !has_file(folder, kTrialFile) &&
         (has_file(folder, "recorded.json") || has_file(folder, "environment.json") || has_file(folder, "stages.json"));
}

void search(const fs::path& folder, std::vector<fs::path>& found) {
  if (is_run(folder)) return found.push_back(folder);
  if (has_file(folder, kTrialFile)) return;
  std::vector<fs::path> below;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (!at->is_symlink() && at->is_directory()) below.push_back(at->path());
  if (error) throw_io_error("read", folder, error.value());
  std::sort(below.begin(), below.end());
  for (const fs::path& one : below) search(one, found);
}

}  // namespace

std::vector<fs::path> runs_within(const fs::path& argument) {
  std::error_code error;
  const fs::path folder = fs::canonical(argument, error);
  std::vector<fs::path> found;
  if (!error && fs::is_directory(folder)) search(folder, found);
  return found;
}

std::vector<fs::path> find_runs(const fs::path& argument) {
  std::error_code error;
  if (!fs::is_directory(argument, error))
    throw Error(ErrorCode::kUsage, fmt::format("'{}' is no folder; give a run directory such as runs/<name>/latest, or "
                                               "a folder that contains some",
                                               argument.string()));
  const fs::path folder = fs::canonical(argument, error);
  if (error) throw_io_error("open", argument, error.value());
  if (has_file(folder, kTrialFile))
    throw Error(ErrorCode::kUsage, fmt::format("'{}' is the folder of a trial; give that of the run that it belongs to",
                                               argument.string()));
  const std::vector<fs::path> found = runs_within(folder);
  if (found.empty())
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' contains no run; give a run directory such as runs/<name>/latest, or a folder that "
                            "contains some",
                            argument.string()));
  return found;
}

std::vector<fs::path> find_runs(const std::vector<fs::path>& arguments) {
  std::vector<fs::path> all;
  std::set<fs::path> known;
  for (const fs::path& argument : arguments)
    for (const fs::path& run : find_runs(argument))
      if (known.insert(run).second) all.push_back(run);
  return all;
}

}  // namespace dha::compare
