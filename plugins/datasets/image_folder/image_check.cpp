#include "image_folder/image_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <vector>

#include "image_folder/file_names.hpp"
#include "image_folder/image_file.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kBlockBytes = 4096;
constexpr std::string_view kJpegEnd = "\xff\xd9";

// A file that is read here and there.
class ScatteredFile {
 public:
  explicit ScatteredFile(const fs::path& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    if (descriptor_ < 0 || fstat(descriptor_, &status) != 0) fail("opened");
    size_ = status.st_size;
  }
  ~ScatteredFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  ScatteredFile(const ScatteredFile&) = delete;
  ScatteredFile& operator=(const ScatteredFile&) = delete;

  int64_t size() const { return size_; }

  // `count` bytes from `begin` on, fewer at the end of the file. Valid until the next call.
  std::string_view read(int64_t begin, int64_t count) {
    if (begin >= begin_ && begin + count <= begin_ + static_cast<int64_t>(block_.size()))
      return std::string_view(block_).substr(static_cast<size_t>(begin - begin_), static_cast<size_t>(count));
    block_.resize(static_cast<size_t>(std::clamp<int64_t>(size_ - begin, 0, std::max(count, kBlockBytes))));
    begin_ = begin;
    size_t done = 0;
    while (done < block_.size()) {
      const ssize_t found = pread(descriptor_, block_.data() + done, block_.size() - done,
                                  static_cast<off_t>(begin + static_cast<int64_t>(done)));
      if (found < 0 && errno == EINTR) continue;
      if (found < 0) fail("read");
      if (found == 0) break;
      done += static_cast<size_t>(found);
    }
    block_.resize(done);
    return std::string_view(block_).substr(0, static_cast<size_t>(count));
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw UnreadableImage(std::string("cannot be ") + what + ": " + std::generic_category().message(errno));
  }

  int descriptor_;
  int64_t size_ = 0, begin_ = 0;
  std::string block_;  // the bytes from begin_ on
};

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// Where the pixels of a JPEG begin: behind its headers, which may hold a whole image for preview. The size of the file
// where they do not begin within it.
int64_t pixels_of_jpeg(ScatteredFile& file) {
  int64_t at = 2;
  while (at + 4 <= file.size()) {
    const std::string_view head = file.read(at, 4);
    const auto marker = static_cast<uint8_t>(head.size() == 4 ? head[1] : 0);
    if (head.size() < 4 || head[0] != '\xff') break;
    if (marker == 0xff) {  // filling
      ++at;
      continue;
    }
    const int64_t length = big_endian(head.substr(2, 2));
    at += 2 + length;
    if (marker == 0xda) return at;
  }
  return file.size();
}

// Entropy-coded pixels hold no end marker, so one behind the headers is the image's own. It is nearly always in the
// last block; behind it some cameras store megabytes.
bool has_jpeg_end(ScatteredFile& file) {
  const auto size = file.size();
  if (file.read(std::max<int64_t>(0, size - kBlockBytes), kBlockBytes).ends_with(kJpegEnd)) return true;
  const int64_t pixels = pixels_of_jpeg(file);
  for (int64_t end = size; end > pixels;) {
    const int64_t begin = std::max(pixels, end - (int64_t{64} << 10));
    // One byte more, for a marker across two blocks.
    if (file.read(begin, std::min(end + 1, size) - begin).find(kJpegEnd) != std::string_view::npos) return true;
    end = begin;
  }
  return false;
}

bool has_png_end(ScatteredFile& file) {
  constexpr int64_t kChunkFrame = 12;  // length, kind, checksum
  int64_t at = 8;
  while (at + kChunkFrame <= file.size()) {
    const std::string_view head = file.read(at, 8);
    if (head.size() < 8) return false;
    if (head.substr(4) == "IEND") return true;
    at += kChunkFrame + big_endian(head.substr(0, 4));
  }
  return false;
}

bool has_webp_end(ScatteredFile& file) {
  const std::string_view head = file.read(4, 4);
  int64_t length = 0;  // little endian
  for (size_t i = head.size(); i-- > 0;) length = length << 8 | static_cast<uint8_t>(head[i]);
  return length + 8 <= file.size();
}

std::string find_missing_end(ScatteredFile& file) {
  const std::string magic(file.read(0, 12));
  if (magic.starts_with("\xff\xd8\xff"))
    return has_jpeg_end(file) ? "" : "is a truncated JPEG: its end marker is missing";
  if (magic.starts_with("\x89PNG")) return has_png_end(file) ? "" : "is a truncated PNG: its end chunk is missing";
  if (magic.starts_with("RIFF"))
    return has_webp_end(file) ? "" : "is a truncated WebP image: it is shorter than its header says";
  return "";
}

}  // namespace

ImageCheck check_image(const fs::path& path) {
  std::error_code unknown;
  if (!fs::exists(path, unknown) && fs::is_symlink(path, unknown))
    throw UnreadableImage("is a link to " + shown(fs::read_symlink(path, unknown)) + ", where nothing is");
  ImageCheck check;
  check.size = read_image_size(path);
  ScatteredFile file(path);
  check.missing_end = find_missing_end(file);
  return check;
}

}  // namespace dha::datasets
