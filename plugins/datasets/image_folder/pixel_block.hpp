// Decoded pixels that hold a crop, and where in them the crop lies.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "dha/dataset.hpp"

namespace dha::datasets {

// What limits the memory that one file can claim: a square of 10,000 px.
inline constexpr int64_t kMostPixels = 100'000'000;

// A rectangle of whole pixels.
struct PixelWindow {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

struct PixelBlock {
  // `row_width` px lie in memory for each row, the block's from `row_offset` on; by default the block's alone.
  PixelBlock(int64_t block_height, int64_t block_width, int64_t block_channels, int64_t row_width = 0,
             int64_t row_offset = 0)
      : pixels(std::move(spare())),
        height(block_height),
        width(block_width),
        channels(block_channels),
        stride(std::max(row_width, block_width) * block_channels),
        offset(row_offset * block_channels) {
    pixels.resize(std::max(pixels.size(), static_cast<size_t>(height * stride)));
  }
  ~PixelBlock() {
    if (pixels.capacity() > spare().capacity() && pixels.capacity() <= kMostSpareBytes) spare() = std::move(pixels);
  }
  PixelBlock(PixelBlock&&) = default;
  PixelBlock& operator=(PixelBlock&&) = default;

  uint8_t* row(int64_t y) { return pixels.data() + offset + y * stride; }
  const uint8_t* row(int64_t y) const { return pixels.data() + offset + y * stride; }

  std::vector<uint8_t> pixels;  // (height, stride), and behind them what an earlier block has left
  int64_t height, width, channels;
  int64_t stride, offset;  // bytes from row to row, and of a row ahead of the block
  // The crop, px of the block; fractional where the decoder has scaled.
  double crop_top = 0, crop_left = 0, crop_height = 0, crop_width = 0;

 private:
  static constexpr size_t kMostSpareBytes = size_t{16} << 20;

  // What this thread's last block has left: new memory would come from the system a page at a time, which costs as much
  // as resizing does.
  static std::vector<uint8_t>& spare() {
    thread_local std::vector<uint8_t> bytes;
    return bytes;
  }
};

// Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow and libjpeg have it.
inline uint8_t luma(int red, int green, int blue) {
  return static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

}  // namespace dha::datasets
