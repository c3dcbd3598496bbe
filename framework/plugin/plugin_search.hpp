// The directories in which plugins are searched, and the candidate files of a directory.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dha {

// A directory to load plugins from.
struct PluginDirectory {
  std::filesystem::path path;
  bool required = false;    // given by name: an error if it does not exist
  bool is_default = false;  // a place of the default components, see plugin_directories()
};

// The search order: `from_command_line`, the entries of the environment variable DHA_PLUGIN_PATH (separated by colons;
// empty ones are ignored), then `plugins` next to the executable, the plugin directory of the installation that the
// executable belongs to, and the one that was compiled in, whether they exist or not. These last three are places for
// one and the same set, of which a build tree and an installation each have their own: what an earlier one has is not
// taken from a later one. The current directory is never searched.
std::vector<PluginDirectory> plugin_directories(const std::vector<std::filesystem::path>& from_command_line);

// The plugins that the user does not want: the entries of the environment variable DHA_DISABLED_PLUGINS, names of files
// without ".so", separated by colons; empty ones are ignored.
std::set<std::string> disabled_plugins();

// The host's own library for a CUDA device, next to the first of the last three that contains plugins; empty if there
// is none.
std::filesystem::path host_accelerator_library();

// Files named *.so in `directory` and one level of sub-directories below it, sorted by path.
// Throws Error{kIo} if a directory cannot be read.
std::vector<std::filesystem::path> candidate_files(const std::filesystem::path& directory);

// The plugin that uses the CUDA kernels of `file`, found by its name in the same folder: "acme.so" for "acme_cuda.so".
// Empty if the name has another form or there is no such plugin.
std::optional<std::filesystem::path> plugin_of_kernels(const std::filesystem::path& file);

// Whether there is a candidate file in `directory`; false if it cannot be read.
bool holds_plugins(const std::filesystem::path& directory);

}  // namespace dha
