// One file under two names: a hard link if the file system supports it, else a copy.
#pragma once

#include <filesystem>

namespace dha {

// Replaces `to`, unless both are one file already. The file must not be changed in place afterwards. Throws Error{kIo}.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace dha
