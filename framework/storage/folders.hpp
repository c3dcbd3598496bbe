// Creates folders, with a clear error on failure.
#pragma once

#include <filesystem>

namespace dha {

// Creates `folder` and its missing parents. Throws Error{kIo}.
void make_folders(const std::filesystem::path& folder);

}  // namespace dha
