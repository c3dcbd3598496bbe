// One IDX file of unsigned bytes, plain or gzip: a big-endian header (magic 0x0000'08NN for NN dimensions, then their
// lengths as 32-bit integers), then the bytes. Format: Y. LeCun, "The MNIST database", section "File formats".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

struct gzFile_s;

namespace dha::datasets {

class IdxFile {
 public:
  // Opens the file and reads its header. Throws Error{kData}, as all below, that names the file.
  IdxFile(const std::filesystem::path& path, int dimensions);
  ~IdxFile();
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::vector<int64_t>& lengths() const { return lengths_; }

  // Throws where the header claims more content than a file of this size can hold, so that a caller may allocate.
  void check_size() const;

  // Reads all content, as many bytes as the product of lengths(), and checks that nothing follows it.
  void read(uint8_t* content);

  // Number of bytes before the content.
  int64_t header_size() const { return 4 + 4 * static_cast<int64_t>(lengths_.size()); }

 private:
  int64_t content_size() const;
  int64_t read_some(uint8_t* to, int64_t count);
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  gzFile_s* file_;
  std::vector<int64_t> lengths_;
  bool stream_ends_early_ = false;  // a gzip stream without its end
};

}  // namespace dha::datasets
