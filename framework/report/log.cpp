#include "report/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "report/console.hpp"
#include "report/printable.hpp"
#include "storage/io_error.hpp"
#include "storage/local_time.hpp"

namespace dha {

struct Log::File {
  std::filesystem::path path;
  std::FILE* stream = nullptr;
  bool has_failed = false;
  ~File() {
    if (stream != nullptr) std::fclose(stream);
  }
};

namespace {

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
  }
  return "?";
}

std::string line_of(std::string_view origin, std::string_view message) {
  return (origin.empty() ? "" : printable(origin) + ": ") + printable(message, "    ");
}

}  // namespace

Log::Log(Console& console) : console_(console) {}

Log::~Log() = default;

void Log::open(const std::filesystem::path& file) {
  auto opened = std::make_unique<File>();
  opened->path = file;
  opened->stream = std::fopen(file.c_str(), "ae");
  if (opened->stream == nullptr) throw_io_error("write", file, errno);
  const std::lock_guard lock(mutex_);
  file_ = std::move(opened);
}

void Log::write(LogLevel level, std::string_view origin, std::string_view message) {
  const std::string text = line_of(origin, message);
  const std::lock_guard lock(mutex_);
  write_to_file(level, text);
  if (level == LogLevel::kInfo) console_.line(text);
  if (level == LogLevel::kWarning) console_.warning(text);
}

void Log::record(LogLevel level, std::string_view origin, std::string_view message) {
  const std::lock_guard lock(mutex_);
  write_to_file(level, line_of(origin, message));
}

void Log::write_to_file(LogLevel level, const std::string& text) {
  if (!file_ || file_->has_failed) return;
  const std::string line = fmt::format("{} {:<7} {}\n", iso_time_now(), name_of(level), text);
  if (std::fwrite(line.data(), 1, line.size(), file_->stream) == line.size() && std::fflush(file_->stream) == 0) return;
  file_->has_failed = true;
  console_.warning(fmt::format("cannot write '{}': {}; the run continues without its log", file_->path.string(),
                               std::generic_category().message(errno)));
}

}  // namespace dha
