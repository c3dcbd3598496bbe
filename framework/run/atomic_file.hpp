// Files that appear whole or not at all: written beside their place, flushed to disk, then renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dha {

// Throws Error{kIo} that names file and reason (no space left, not permitted); the temporary file is removed.
void write_file_atomically(const std::filesystem::path& file, std::string_view content);

// Throws Error{kIo}.
std::string read_file(const std::filesystem::path& file);

}  // namespace dha
