#include "process/program_file.hpp"

#include <system_error>

namespace dha {

std::filesystem::path program_file() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

}  // namespace dha
