#include "image_folder/image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "dha/error.hpp"
#include "image_folder/image_format.hpp"
#include "image_folder/jpeg_image.hpp"
#include "image_folder/orientation.hpp"
#include "image_folder/png_image.hpp"
#include "image_folder/resize.hpp"
#include "image_folder/unreadable_image.hpp"
#include "image_folder/webp_image.hpp"

namespace dha::datasets {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr int64_t kHeaderBytes = int64_t{64} << 10;     // enough for all but large metadata
constexpr int64_t kMostFileBytes = int64_t{512} << 20;  // more than kMostPixels need

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
  std::vector<uint8_t> read_first(int64_t count) const { return read(0, std::min(count, size_)); }

  // Its last `count` bytes, or all where it has less.
  std::vector<uint8_t> read_last(int64_t count) const {
    const int64_t begin = std::max<int64_t>(0, size_ - count);
    return read(begin, size_ - begin);
  }

  // All of it, where that is not more than any image needs.
  std::vector<uint8_t> read_all() const {
    if (size_ > kMostFileBytes)
      throw UnreadableImage("has " + std::to_string(size_) + " bytes, more than the " + std::to_string(kMostFileBytes) +
                            " that are read");
    return read(0, size_);
  }

 private:
  std::vector<uint8_t> read(int64_t begin, int64_t count) const {
    std::vector<uint8_t> bytes(static_cast<size_t>(count));
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t found = pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(begin) + static_cast<off_t>(done));
      if (found < 0 && errno == EINTR) continue;
      if (found < 0) throw UnreadableImage("cannot be read: " + std::generic_category().message(errno));
      if (found == 0) break;
      done += static_cast<size_t>(found);
    }
    bytes.resize(done);
    return bytes;
  }

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

StoredImage header_of(ImageFormat format, Bytes bytes) {
  switch (format) {
    case ImageFormat::kJpeg:
      return jpeg_header(bytes);
    case ImageFormat::kPng:
      return png_header(bytes);
    case ImageFormat::kWebp:
      return webp_header(bytes);
  }
  throw std::logic_error("an image format without a decoder");
}

PixelBlock decode(ImageFormat format, Bytes bytes, const ImageRequest& request, int64_t channels,
                  const ImageReading& reading, const Placement& place) {
  switch (format) {
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, request, channels, reading, place);
    case ImageFormat::kPng:
      return decode_png(bytes, request, channels, reading, place);
    case ImageFormat::kWebp:
      return decode_webp(bytes, request, channels, reading, place);
  }
  throw std::logic_error("an image format without a decoder");
}

// A file whose header is being read: its first bytes, and all of it or its last bytes where these do not suffice.
class HeaderReader {
 public:
  explicit HeaderReader(const std::filesystem::path& path)
      : file_(path), beginning_(file_.read_first(kHeaderBytes)), format_(image_format(beginning_, path)) {}

  StoredImage stored() {
    if (is_whole()) return header_of(format_, beginning_);
    if (format_ == ImageFormat::kWebp && webp_has_exif(beginning_)) return header_of(format_, whole());
    try {
      StoredImage image = header_of(format_, beginning_);
      if (format_ == ImageFormat::kPng && image.orientation == 1) image.orientation = png_orientation_behind(end());
      return image;
    } catch (const UnreadableImage&) {
      // The header may lie behind a large block of metadata.
      return header_of(format_, whole());
    }
  }

  // Throws UnreadableImage where the file ends too early.
  void check_end(const StoredImage& image) {
    if (has_end(image)) return;
    // Nothing but the end marker may lack: decoding tells.
    const ImageRequest corner{image.size.height - 1, image.size.width - 1, 1, 1, 1, 1, false};
    decode(format_, is_whole() ? beginning_ : whole(), corner, 1, {}, {});
  }

 private:
  bool is_whole() const { return static_cast<int64_t>(beginning_.size()) >= file_.size(); }

  const std::vector<uint8_t>& whole() {
    if (whole_.empty()) whole_ = file_.read_all();
    return whole_;
  }
  const std::vector<uint8_t>& end() {
    if (end_.empty()) end_ = file_.read_last(static_cast<int64_t>(kPngEndBytes));
    return end_;
  }

  bool has_end(const StoredImage& image) {
    if (format_ == ImageFormat::kWebp) return webp_bytes(beginning_) <= file_.size();
    const Bytes bytes = is_whole() ? Bytes(beginning_) : Bytes(end());
    if (format_ == ImageFormat::kPng) return has_png_end(bytes);
    const size_t begin = static_cast<size_t>(file_.size()) - bytes.size();  // metadata may contain an end marker
    return has_jpeg_end(bytes.subspan(image.data_begin > begin ? std::min(image.data_begin - begin, bytes.size()) : 0));
  }

  OpenFile file_;
  std::vector<uint8_t> beginning_, end_, whole_;
  ImageFormat format_;
};

int shown_orientation(const StoredImage& image, const ImageReading& reading) {
  return reading.orient ? image.orientation : 1;
}

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

ImageSize read_image_size(const std::filesystem::path& path, const ImageReading& reading) {
  const StoredImage image = HeaderReader(path).stored();
  return displayed_size(image.size, shown_orientation(image, reading));
}

ImageHeader read_image_header(const std::filesystem::path& path, const ImageReading& reading) {
  HeaderReader reader(path);
  const StoredImage image = reader.stored();
  if (!reading.accept_truncated) reader.check_end(image);
  return {displayed_size(image.size, shown_orientation(image, reading)), image.has_16_bits};
}

uint16_t read_largest_sample(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = OpenFile(path).read_all();
  return image_format(bytes, path) == ImageFormat::kPng ? largest_png_sample(bytes) : uint16_t{0};
}

void read_image(const std::filesystem::path& path, ImageSize expected, const ImageRequest& request, int64_t channels,
                uint8_t* pixels, const ImageReading& reading) {
  const std::vector<uint8_t> bytes = OpenFile(path).read_all();
  int orientation = 1;
  const auto place = [&](const StoredImage& image) {
    orientation = shown_orientation(image, reading);
    const ImageSize size = displayed_size(image.size, orientation);
    if (expected.height != 0 && (size.height != expected.height || size.width != expected.width))
      throw UnreadableImage("has changed since its header was read");
    check_request(request, size);
    return orientation == 1 ? request : stored_request(request, image.size, orientation);
  };
  const PixelBlock block = decode(image_format(bytes, path), bytes, request, channels, reading, place);
  if (orientation == 1)
    resize_bilinear(block, request.height, request.width, request.flip, pixels);
  else
    resize_bilinear(displayed(block, orientation), request.height, request.width, request.flip, pixels);
}

}  // namespace dha::datasets
