// metrics.jsonl and other files of one JSON object per line, flushed line by line, so that a reader can follow and a
// crash loses at most one line.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dha {

class MetricsWriter {
 public:
  // Appends to `file`, after its last whole line. Throws Error{kIo}.
  explicit MetricsWriter(const std::filesystem::path& file);
  ~MetricsWriter();
  // Numbers that are not finite are written as null. Throws Error{kIo} (a full disk).
  void write(const nlohmann::ordered_json& row);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
};

}  // namespace dha
