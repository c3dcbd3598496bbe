// Tries a plugin file in a child process, because some failures end the process that loads it.
#pragma once

#include <filesystem>

namespace dha {

// Opens `file` and asks for its descriptor in a child process. Throws PluginRefusal{kLoadFailed} if the child crashes
// or takes longer than 20 s. Ignores other errors of the file.
void probe_plugin(const std::filesystem::path& file);

}  // namespace dha
