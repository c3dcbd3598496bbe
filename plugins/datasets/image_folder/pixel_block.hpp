// Decoded pixels that hold a crop, and where in them the crop lies.
#pragma once

#include <cmath>
#include <cstdint>
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
  PixelBlock(int64_t block_height, int64_t block_width, int64_t block_channels)
      : pixels(static_cast<size_t>(block_height * block_width * block_channels)),
        height(block_height),
        width(block_width),
        channels(block_channels) {}

  uint8_t* row(int64_t y) { return pixels.data() + y * width * channels; }
  const uint8_t* row(int64_t y) const { return pixels.data() + y * width * channels; }

  std::vector<uint8_t> pixels;  // (height, width, channels)
  int64_t height, width, channels;
  // The crop, px of the block; fractional where the decoder has scaled.
  double crop_top = 0, crop_left = 0, crop_height = 0, crop_width = 0;
};

// Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow and libjpeg have it.
inline uint8_t luma(int red, int green, int blue) {
  return static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

}  // namespace dha::datasets
