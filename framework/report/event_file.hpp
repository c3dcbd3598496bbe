// A file of TensorBoard: records that are only appended, each with two checksums.
//
// A record is its length (u64), the masked CRC-32C of these eight bytes (u32), the payload, and the masked CRC-32C of
// the payload (u32), all little-endian (tensorflow/core/lib/io/record_writer.h, lib/hash/crc32c.h).
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace dha {

class EventFile {
 public:
  // Appends to `file`, after its last whole record. Throws Error{kIo}.
  explicit EventFile(const std::filesystem::path& file);

  // Whether it has no record.
  bool empty() const { return size_ == 0; }

  // Returns once a reader sees the record. Throws Error{kIo}.
  void append(std::string_view payload);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
  int64_t size_ = 0;  // bytes of whole records
};

}  // namespace dha
