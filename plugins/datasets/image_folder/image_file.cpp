#include "image_folder/image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "dha/error.hpp"
#include "image_folder/jpeg_image.hpp"
#include "image_folder/png_image.hpp"
#include "image_folder/resize.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr int64_t kHeaderBytes = int64_t{64} << 10;     // enough for all but a large EXIF block
constexpr int64_t kMostFileBytes = int64_t{512} << 20;  // more than kMostPixels need
constexpr std::array<uint8_t, 8> kPngMagic = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<uint8_t, 3> kJpegMagic = {0xff, 0xd8, 0xff};

// An open file and its size.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail(path, "opened");
    struct stat status;
    if (fstat(descriptor_, &status) != 0) {
      close(descriptor_);
      fail(path, "inspected");
    }
    size_ = status.st_size;
  }
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int64_t size() const { return size_; }

  // Its first `count` bytes, or all where it has less.
  std::vector<uint8_t> read_first(int64_t count) const {
    std::vector<uint8_t> bytes(static_cast<size_t>(std::min(count, size_)));
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t found = pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (found < 0 && errno == EINTR) continue;
      if (found < 0) throw UnreadableImage("cannot be read: " + std::generic_category().message(errno));
      if (found == 0) break;
      done += static_cast<size_t>(found);
    }
    bytes.resize(done);
    return bytes;
  }

 private:
  [[noreturn]] static void fail(const std::filesystem::path& path, const char* what) {
    const int code = errno;
    const std::string reason = std::string("cannot be ") + what + ": " + std::generic_category().message(code);
    if (code == EMFILE || code == ENFILE || code == ENOMEM)
      throw Error(ErrorCode::kIo, path.string() + " " + reason + "; raise the limit of the process");
    throw UnreadableImage(reason);
  }

  int descriptor_;
  int64_t size_ = 0;
};

enum class Format { kJpeg, kPng };

template <size_t kCount>
bool starts_with(Bytes bytes, const std::array<uint8_t, kCount>& magic) {
  return bytes.size() >= kCount && std::equal(magic.begin(), magic.end(), bytes.begin());
}

Format format_of(Bytes bytes) {
  if (starts_with(bytes, kJpegMagic)) return Format::kJpeg;
  if (starts_with(bytes, kPngMagic)) return Format::kPng;
  if (bytes.empty()) throw UnreadableImage("is empty (0 bytes)");
  std::string found;
  for (const uint8_t byte : bytes.first(std::min<size_t>(4, bytes.size()))) {
    std::array<char, 4> text;
    std::snprintf(text.data(), text.size(), " %02x", byte);
    found += text.data();
  }
  throw UnreadableImage("is neither a JPEG nor a PNG image: it begins with the bytes" + found);
}

ImageSize size_of(Bytes bytes) { return format_of(bytes) == Format::kJpeg ? jpeg_size(bytes) : png_size(bytes); }

void check_request(const ImageRequest& request, ImageSize size) {
  const bool inside = request.crop_top >= 0 && request.crop_left >= 0 && request.crop_height > 0 &&
                      request.crop_width > 0 && request.crop_height <= size.height - request.crop_top &&
                      request.crop_width <= size.width - request.crop_left;
  if (inside && request.height > 0 && request.width > 0) return;
  throw Error(ErrorCode::kContractViolation,
              "a crop of " + std::to_string(request.crop_height) + " x " + std::to_string(request.crop_width) +
                  " px at (" + std::to_string(request.crop_top) + ", " + std::to_string(request.crop_left) + ") to " +
                  std::to_string(request.height) + " x " + std::to_string(request.width) +
                  " px was requested of an image of " + std::to_string(size.height) + " x " +
                  std::to_string(size.width) + " px");
}

}  // namespace

ImageSize read_image_size(const std::filesystem::path& path) {
  const OpenFile file(path);
  const std::vector<uint8_t> beginning = file.read_first(kHeaderBytes);
  const bool all = static_cast<int64_t>(beginning.size()) < kHeaderBytes || file.size() == kHeaderBytes;
  format_of(beginning);
  if (all) return size_of(beginning);
  try {
    return size_of(beginning);
  } catch (const UnreadableImage&) {
    // The header may lie behind a large block of metadata.
    return size_of(file.read_first(kMostFileBytes));
  }
}

void read_image(const std::filesystem::path& path, ImageSize expected, const ImageRequest& request, int64_t channels,
                uint8_t* pixels) {
  const OpenFile file(path);
  if (file.size() > kMostFileBytes)
    throw UnreadableImage("has " + std::to_string(file.size()) + " bytes, more than the " +
                          std::to_string(kMostFileBytes) + " that are read");
  const std::vector<uint8_t> bytes = file.read_first(kMostFileBytes);
  const auto check = [&](ImageSize size) {
    if (expected.height != 0 && (size.height != expected.height || size.width != expected.width))
      throw UnreadableImage("has changed since its header was read");
    check_request(request, size);
  };
  const auto decode = [&] {
    if (format_of(bytes) == Format::kJpeg) return decode_jpeg(bytes, request, channels, check);
    check(png_size(bytes));
    return decode_png(bytes, request, channels);
  };
  const PixelBlock block = decode();
  resize_bilinear(block, request.height, request.width, request.flip, pixels);
}

}  // namespace dha::datasets
