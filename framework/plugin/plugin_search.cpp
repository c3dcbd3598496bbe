#include "plugin/plugin_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "dha/error.hpp"
#include "process/program_file.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

// The entries of an environment variable, separated by colons; empty ones are passed over.
std::vector<std::string> listed_in(const char* variable) {
  const char* value = std::getenv(variable);
  std::string_view list = value == nullptr ? "" : value;
  std::vector<std::string> entries;
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    if (!entry.empty()) entries.emplace_back(entry);
  }
  return entries;
}

// The places of the default components, each once; they may not exist.
std::vector<fs::path> default_directories() {
  std::error_code ignored;
  const fs::path program = program_file().parent_path();
  std::vector<fs::path> places;
  const auto add = [&](const fs::path& place) {
    const fs::path resolved = fs::weakly_canonical(place, ignored);
    if (!resolved.empty() && std::find(places.begin(), places.end(), resolved) == places.end())
      places.push_back(resolved);
  };
  if (!program.empty()) {
    add(program / "plugins");
    add(program / DHA_BIN_FROM_PROGRAM / DHA_PLUGIN_DIR_FROM_BIN);
  }
  add(DHA_INSTALLED_PLUGIN_DIR);
  return places;
}

void append_libraries(const fs::path& directory, std::vector<fs::path>& files, int levels) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_directory() && levels > 0)
      append_libraries(entry.path(), files, levels - 1);
    else if (entry.path().extension() == ".so" && entry.is_regular_file())
      files.push_back(entry.path());
  }
}

}  // namespace

std::vector<PluginDirectory> plugin_directories(const std::vector<fs::path>& from_command_line) {
  std::vector<PluginDirectory> directories;
  for (const fs::path& path : from_command_line) directories.push_back({path, true});
  for (const std::string& path : listed_in("DHA_PLUGIN_PATH")) directories.push_back({path, false});
  for (const fs::path& path : default_directories()) directories.push_back({path, false, /*is_default=*/true});
  return directories;
}

std::set<std::string> disabled_plugins() {
  const std::vector<std::string> names = listed_in("DHA_DISABLED_PLUGINS");
  return {names.begin(), names.end()};
}

fs::path host_accelerator_library() {
  std::error_code ignored;
  for (const fs::path& place : default_directories()) {
    if (!holds_plugins(place)) continue;
    const fs::path library = place.parent_path() / "dha_cuda.so";
    return fs::is_regular_file(library, ignored) ? library : fs::path();
  }
  return {};
}

std::vector<fs::path> candidate_files(const fs::path& directory) {
  std::vector<fs::path> files;
  try {
    append_libraries(directory, files, 1);
  } catch (const fs::filesystem_error& e) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot read plugin directory '{}': {}", e.path1().string(), e.code().message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<fs::path> plugin_of_kernels(const fs::path& file) {
  constexpr std::string_view kEnding = "_cuda";  // as dha_add_cuda_library()'s callers name it
  std::string stem = file.stem().string();
  if (!stem.ends_with(kEnding)) return std::nullopt;
  stem.resize(stem.size() - kEnding.size());
  fs::path plugin = file.parent_path() / (stem + ".so");
  std::error_code ignored;
  if (!fs::is_regular_file(plugin, ignored)) return std::nullopt;
  return plugin;
}

bool holds_plugins(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return false;
  try {
    return !candidate_files(directory).empty();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace dha
