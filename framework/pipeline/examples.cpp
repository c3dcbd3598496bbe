#include "pipeline/examples.hpp"

#include <system_error>

#include "process/program_file.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

void add_pipelines(const fs::path& folder, std::map<std::string, fs::path>& found) {
  std::error_code unreadable;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable))
    if (entry.path().extension() == ".json") found.emplace(entry.path().stem().string(), entry.path());
}

}  // namespace

std::map<std::string, fs::path> example_pipelines() {
  const fs::path program = program_file().parent_path();
  for (const fs::path& place :
       {program / "examples", program / DHA_EXAMPLES_FROM_PROGRAM, fs::path(DHA_INSTALLED_EXAMPLES_DIR)}) {
    std::map<std::string, fs::path> found;
    add_pipelines(place, found);
    add_pipelines(place / "pipelines", found);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace dha
