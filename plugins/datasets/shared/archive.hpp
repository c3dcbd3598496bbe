// Archives that lie where the data should: data sets read unpacked files only, and their errors say how to unpack.
#pragma once

#include <filesystem>
#include <string>

namespace dha::datasets {

// A shell command that unpacks zip and tar archives (compressed tar archives too) into the folder they lie in; empty
// where the name is not that of such an archive.
std::string unpack_command(const std::filesystem::path& archive);

// For the end of an error: "unpack it with `unzip …`" and, where the archive does not lie in `path`, to which folder to
// set 'path' then. The name must be that of an archive.
std::string unpack_advice(const std::filesystem::path& archive, const std::filesystem::path& path);

}  // namespace dha::datasets
