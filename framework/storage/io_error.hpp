// Converts a failed file operation into an error message.
#pragma once

#include <filesystem>
#include <string_view>

namespace dha {

// Throws Error{kIo}: "cannot <action> '<file>': <reason>; <what to do next>". `error_number`: an errno.
[[noreturn]] void throw_io_error(std::string_view action, const std::filesystem::path& file, int error_number);

}  // namespace dha
