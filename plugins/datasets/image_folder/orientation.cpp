#include "image_folder/orientation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dha::datasets {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr std::array<uint8_t, 6> kExifPrefix = {'E', 'x', 'i', 'f', 0, 0};
constexpr uint16_t kOrientationTag = 0x0112, kShort = 3, kLong = 4, kSignedShort = 8, kSignedLong = 9;
constexpr size_t kEntryBytes = 12;

bool is_transposed(int orientation) { return orientation >= 5; }
bool reverses_rows(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}
bool reverses_columns(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

// Whole numbers at offsets into a TIFF structure; 0 beyond its end.
class TiffNumbers {
 public:
  explicit TiffNumbers(Bytes bytes) : bytes_(bytes), little_(bytes[0] == 'I') {}

  uint32_t u16(size_t at) const { return number(at, 2); }
  uint32_t u32(size_t at) const { return number(at, 4); }
  size_t size() const { return bytes_.size(); }

 private:
  uint32_t number(size_t at, size_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | bytes_[at + (little_ ? count - 1 - i : i)];
    return value;
  }

  Bytes bytes_;
  bool little_;
};

// The values that one of `count` outputs along an axis reads its input at: first, and the step to the next.
struct Walk {
  std::ptrdiff_t first, step;
};

Walk walk(int64_t count, std::ptrdiff_t step, bool reversed) {
  return reversed ? Walk{(count - 1) * step, -step} : Walk{0, step};
}

template <int64_t kChannels>
void copy_pixels(const uint8_t* from, Walk down, Walk across, PixelBlock& to) {
  for (int64_t y = 0; y < to.height; ++y) {
    const uint8_t* at = from + down.first + y * down.step + across.first;
    uint8_t* out = to.row(y);
    for (int64_t x = 0; x < to.width; ++x, at += across.step, out += kChannels) std::copy_n(at, kChannels, out);
  }
}

}  // namespace

int exif_orientation(Bytes exif) {
  if (exif.size() >= kExifPrefix.size() && std::equal(kExifPrefix.begin(), kExifPrefix.end(), exif.begin()))
    exif = exif.subspan(kExifPrefix.size());
  if (exif.size() < 8 || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M')) return 1;
  const TiffNumbers tiff(exif);
  if (tiff.u16(2) != 42) return 1;
  const size_t directory = tiff.u32(4);
  const size_t entries = tiff.u16(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) return 1;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const uint32_t type = tiff.u16(entry + 2);
    const bool is_short = type == kShort || type == kSignedShort;
    if (tiff.u32(entry + 4) != 1 || (!is_short && type != kLong && type != kSignedLong)) return 1;
    const uint32_t value = is_short ? tiff.u16(entry + 8) : tiff.u32(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

ImageSize displayed_size(ImageSize stored, int orientation) {
  return is_transposed(orientation) ? ImageSize{stored.width, stored.height} : stored;
}

ImageRequest stored_request(const ImageRequest& request, ImageSize stored, int orientation) {
  ImageRequest result = request;
  result.flip = false;
  if (is_transposed(orientation)) {
    std::swap(result.crop_top, result.crop_left);
    std::swap(result.crop_height, result.crop_width);
    std::swap(result.height, result.width);
  }
  if (reverses_rows(orientation)) result.crop_top = stored.height - result.crop_top - result.crop_height;
  if (reverses_columns(orientation)) result.crop_left = stored.width - result.crop_left - result.crop_width;
  return result;
}

PixelBlock displayed(const PixelBlock& block, int orientation) {
  Walk down = walk(block.height, block.stride, reverses_rows(orientation));
  Walk across = walk(block.width, block.channels, reverses_columns(orientation));
  double top = reverses_rows(orientation) ? static_cast<double>(block.height) - block.crop_top - block.crop_height
                                          : block.crop_top;
  double left = reverses_columns(orientation) ? static_cast<double>(block.width) - block.crop_left - block.crop_width
                                              : block.crop_left;
  const bool transposed = is_transposed(orientation);
  PixelBlock result(transposed ? block.width : block.height, transposed ? block.height : block.width, block.channels);
  result.crop_height = transposed ? block.crop_width : block.crop_height;
  result.crop_width = transposed ? block.crop_height : block.crop_width;
  if (transposed) {
    std::swap(down, across);
    std::swap(top, left);
  }
  result.crop_top = top;
  result.crop_left = left;
  if (block.channels == 3)
    copy_pixels<3>(block.row(0), down, across, result);
  else
    copy_pixels<1>(block.row(0), down, across, result);
  return result;
}

}  // namespace dha::datasets
