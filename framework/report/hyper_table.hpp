// hyper.csv: the history of the hyper-parameters, one value per row, for a spreadsheet or a plot.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace dha {

class HyperTable {
 public:
  // Appends to `file`, with a heading if it is new. Throws Error{kIo}.
  explicit HyperTable(const std::filesystem::path& file);

  // Columns: stage, epoch (from 1), step (done in that epoch), name, value. Throws Error{kIo}.
  void write(const std::string& stage, int64_t epoch, int64_t step, const std::string& name, double value);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void put(const std::string& line);

  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
};

}  // namespace dha
