// Tries a plugin file in a child process, because some failures end the process that loads it.
#pragma once

#include <filesystem>

namespace dha {

// Opens `file` and asks for its descriptor in a child process. Throws PluginRefusal{kLoadFailed} where the child does
// not survive that within 20 s; returns where it does, whatever else may be wrong with the file.
void probe_plugin(const std::filesystem::path& file);

}  // namespace dha
