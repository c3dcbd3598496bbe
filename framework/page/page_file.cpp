#include "page/page_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

#include "dha/error.hpp"
#include "page/document.hpp"
#include "storage/atomic_file.hpp"

namespace dha::page {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMarkedBytes = 512;  // the mark is in the first of them

bool is_empty_or_page(const fs::path& file) {
  std::string begin(kMarkedBytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(stream.gcount()));
  return (stream.eof() && begin.empty()) || begin.find(kPageMark) != begin.npos;
}

}  // namespace

void write_page(const fs::path& file, const std::string& page) {
  std::error_code unknown;
  if (fs::is_directory(file, unknown))
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is a folder; name the file of the page with --output", file.string()));
  if (fs::is_regular_file(file, unknown) && !is_empty_or_page(file))
    throw Error(ErrorCode::kUsage, fmt::format("'{}' exists and is no page of dha; remove it, or name another "
                                               "file with --output",
                                               file.string()));
  write_file_atomically(file, page);
}

}  // namespace dha::page
