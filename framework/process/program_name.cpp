#include "process/program_name.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace dha {

namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "dha";

std::string& name() {
  static std::string name = kName;
  return name;
}

// The first on the PATH counts, as for the shell.
bool is_on_path(const fs::path& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path found = fs::path(folder) / kName;
    std::error_code missing;
    if (fs::is_regular_file(found, missing)) return fs::equivalent(found, program, missing);
  }
  return false;
}

}  // namespace

const std::string& program_name() { return name(); }

void set_program_name(const std::string& called) {
  const bool is_path = called.find('/') != std::string::npos;
  name() = is_path && is_on_path(called) ? kName : called;
}

}  // namespace dha
