// The run's log: lines in log.txt with time and origin; warnings and news also on the console, without tearing its
// progress bar.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
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

  // [any thread] Debug lines go to the file only.
  void write(LogLevel level, std::string_view origin, std::string_view message);

 private:
  struct File;
  std::mutex mutex_;
  std::unique_ptr<File> file_;
  Console& console_;
};

}  // namespace dha
