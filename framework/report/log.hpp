// The run's log: lines in log.txt with time and origin; warnings and news also on the console, without breaking its
// progress bar.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dha/context.hpp"

namespace dha {

class Console;

class Log {
 public:
  // Without a file only the console shows lines. `console` outlives the log.
  explicit Log(Console& console);
  void open(const std::filesystem::path& file);  // throws Error{kIo}
  ~Log();

  // Adds "<ISO 8601 time> <level> <origin>: <message>" to the file and flushes it; further lines of a message are
  // indented. Debug lines go to the file only. A file that can no longer be written is reported on the console once and
  // ends no run. [any thread]
  void write(LogLevel level, std::string_view origin, std::string_view message);

  // The same in the file only, for what the console has in another form. [any thread]
  void record(LogLevel level, std::string_view origin, std::string_view message);

 private:
  void write_to_file(LogLevel level, const std::string& text);

  struct File;
  std::mutex mutex_;
  std::unique_ptr<File> file_;
  Console& console_;
};

}  // namespace dha
