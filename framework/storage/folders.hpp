// Creates folders, with a clear error on failure.
#pragma once

#include <filesystem>

namespace dha {

// Makes `folder` and those above it that are missing. Throws Error{kIo}.
void make_folders(const std::filesystem::path& folder);

}  // namespace dha
