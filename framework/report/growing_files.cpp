#include "report/growing_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "dha/error.hpp"
#include "report/run_events.hpp"

namespace dha {

namespace {

constexpr const char* kGrowingFiles[] = {"metrics.jsonl", "hyper.csv", kEventFile, kJournalFile};

}  // namespace

std::map<std::string, uint64_t> growing_files(const RunDirectory& directory) {
  std::map<std::string, uint64_t> sizes;
  for (const char* name : kGrowingFiles) {
    std::error_code failure;
    const auto size = std::filesystem::file_size(directory.file(name), failure);
    sizes[name] = failure ? 0 : size;
  }
  return sizes;
}

void cut_growing_files(const RunDirectory& directory, const std::map<std::string, uint64_t>& sizes) {
  for (const char* name : kGrowingFiles) {
    std::error_code failure;
    const std::filesystem::path file = directory.file(name);
    const auto size = sizes.contains(name) ? sizes.at(name) : 0;
    if (std::filesystem::exists(file) && std::filesystem::file_size(file) > size)
      std::filesystem::resize_file(file, size, failure);
    if (failure) throw Error(ErrorCode::kIo, fmt::format("cannot cut {} back: {}", file.string(), failure.message()));
  }
}

}  // namespace dha
