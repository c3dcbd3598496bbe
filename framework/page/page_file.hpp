// Writes a page to the file that a user names, and replaces nothing but pages.
#pragma once

#include <filesystem>
#include <string>

namespace dha::page {

// Throws Error{kUsage} if `file` is a folder, or a file that is neither empty nor a page, and Error{kIo}.
void write_page(const std::filesystem::path& file, const std::string& page);

}  // namespace dha::page
