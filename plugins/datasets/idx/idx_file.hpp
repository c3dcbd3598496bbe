// One IDX file, plain or gzip: a big-endian header (magic 0x0000'TTNN for elements of type TT in NN dimensions, then
// their lengths as 32-bit integers), then the elements. Format: Y. LeCun, "The MNIST database", section "File formats".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

struct gzFile_s;

namespace dha::datasets {

enum class IdxType : uint8_t { kUnsignedByte = 0x08, kInt = 0x0c };  // kInt: 32 bit, big-endian

class IdxFile {
 public:
  // Opens the file and reads its header. Throws Error{kData}, as all below, that names the file.
  IdxFile(const std::filesystem::path& path, int dimensions, IdxType type = IdxType::kUnsignedByte);
  ~IdxFile();
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::vector<int64_t>& lengths() const { return lengths_; }

  // Throws where the header claims more content than a file of this size can hold, so that a caller may allocate.
  void check_size() const;

  // Number of bytes of the content. Throws where no file can have so many.
  int64_t content_size() const;

  // Reads all content, content_size() bytes, and checks that nothing follows it.
  void read(uint8_t* content);

  // Number of bytes before the content.
  int64_t header_size() const { return 4 + 4 * static_cast<int64_t>(lengths_.size()); }

 private:
  int64_t read_some(uint8_t* to, int64_t count);
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  IdxType type_;
  gzFile_s* file_;
  std::vector<int64_t> lengths_;
  bool stream_ends_early_ = false;  // a gzip stream without its end
};

}  // namespace dha::datasets
