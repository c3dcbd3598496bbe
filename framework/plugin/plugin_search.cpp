#include "plugin/plugin_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "dha/error.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> split_path_list(std::string_view list) {
  std::vector<fs::path> paths;
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    if (!entry.empty()) paths.emplace_back(entry);
  }
  return paths;
}

// The first that exists of the places of the default components; empty where there is none.
fs::path default_directory() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const fs::path installed = DHA_INSTALLED_PLUGIN_DIR;
  std::vector<fs::path> places;
  if (!program.empty()) places = {program / "plugins", program / DHA_PLUGIN_DIR_FROM_BIN};
  places.push_back(installed);
  for (const fs::path& place : places)
    if (fs::is_directory(place, ignored)) return place.lexically_normal();
  return {};
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
  const char* listed = std::getenv("DHA_PLUGIN_PATH");
  for (const fs::path& path : split_path_list(listed == nullptr ? "" : listed)) directories.push_back({path, false});
  if (const fs::path path = default_directory(); !path.empty()) directories.push_back({path, false});
  return directories;
}

fs::path host_accelerator_library() {
  const fs::path library = default_directory().parent_path() / "dha_cuda.so";
  std::error_code ignored;
  return fs::is_regular_file(library, ignored) ? library : fs::path();
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

}  // namespace dha
