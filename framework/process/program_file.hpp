// The file of the running program.
#pragma once

#include <filesystem>

namespace dha {

// With links resolved. Empty if /proc is not mounted.
std::filesystem::path program_file();

}  // namespace dha
