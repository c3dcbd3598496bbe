// Which image files were found whole, kept between runs so that an unchanged set is not read to be checked again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dha/dataset.hpp"

namespace dha::datasets {

// What changes when a file is written.
struct FileStamp {
  uint64_t bytes = 0;
  int64_t changed_ns = 0;  // time of the last modification, since 1970
};

// Of the file that `path` leads to; nothing where there is none.
std::optional<FileStamp> stamp_of(const std::filesystem::path& path);

// A file in $XDG_CACHE_HOME/dha, else ~/.cache/dha, for each root folder. It holds no names but that of the root. Where
// it is missing, damaged or cannot be written, images are checked anew; nothing here throws but for want of memory.
class ImageCheckCache {
 public:
  // `orient`: whether sizes are of images turned as their EXIF orientation says; each has a file of its own.
  ImageCheckCache(const std::filesystem::path& root, bool orient);

  // The size of an image that was whole. `path` is below the root. [any thread]
  std::optional<ImageSize> find(std::string_view path, FileStamp stamp) const;

  // Notes an image that is whole, for save(). [one thread at a time]
  void add(std::string_view path, FileStamp stamp, ImageSize size);

  // Writes what was added, and as many of the others as that, if the file does not say the same already.
  void save();

 private:
  struct Record {
    uint64_t path_hash, bytes;
    int64_t changed_ns;
    uint32_t height, width;
    bool operator==(const Record&) const = default;
  };

  void load();
  std::string beginning() const;

  std::string root_;                     // and how sizes are meant
  std::filesystem::path file_;           // empty: there is nowhere to keep it
  std::vector<Record> records_, added_;  // records_: by path_hash
};

}  // namespace dha::datasets
