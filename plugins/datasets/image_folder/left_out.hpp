// What a folder set finds and does not use, counted, and put into one sentence each for the log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dha::datasets {

// Paths are relative to the root of the set.
class LeftOut {
 public:
  void add_file(std::string_view name);  // no image
  void add_files(const LeftOut& other);  // the files and the hidden entries of another folder
  void add_hidden(int64_t count) { hidden_ += count; }
  void add_run(const std::filesystem::path& folder) { runs_.push_back(folder); }  // of dha
  void add_loose(const std::filesystem::path& folder, int64_t images);            // in `folder` itself, so of no class
  void add_folder(const std::filesystem::path& folder, int64_t images);           // next to the splits
  void add_second_way(const std::filesystem::path& folder) {
    second_ways_.push_back(folder);
  }  // to a folder read before
  void add_dangling(const std::filesystem::path& link) { dangling_.push_back(link); }
  void add_special(const std::filesystem::path& file) { special_.push_back(file); }  // pipe, socket, device

  // "left out 14 files that are not images: 12 .xml, 1 .db, 1 .ini". Empty where there is nothing, as those below.
  std::string about_files() const;
  std::string about_runs() const;
  // Everything else: what its owner may have meant to be used.
  std::string warning() const;

 private:
  std::map<std::string, int64_t> by_extension_;
  int64_t files_ = 0, hidden_ = 0;
  std::vector<std::string> unused_images_;
  std::vector<std::filesystem::path> runs_, second_ways_, dangling_, special_;
};

// "1 image", "3 images".
std::string counted(int64_t count, std::string_view noun);

}  // namespace dha::datasets
