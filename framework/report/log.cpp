#include "report/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
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
  const std::string text = (origin.empty() ? "" : printable(origin) + ": ") + printable(message, "    ");
  const std::lock_guard lock(mutex_);
  if (file_ && !file_->has_failed) {
    const std::string line = fmt::format("{} {:<7} {}\n", iso_time_now(), name_of(level), text);
    if (std::fwrite(line.data(), 1, line.size(), file_->stream) != line.size() || std::fflush(file_->stream) != 0) {
      file_->has_failed = true;
      console_.warning(fmt::format("cannot write '{}': {}; the run continues without its log", file_->path.string(),
                                   std::generic_category().message(errno)));
    }
  }
  if (level == LogLevel::kInfo) console_.line(text);
  if (level == LogLevel::kWarning) console_.warning(text);
}

}  // namespace dha
