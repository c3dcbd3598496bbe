// What becomes of a decoded row of pixels: narrowed to 8 bits, composed on the background, stored as luma or RGB.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// a b / 255 of a, b in [0, 255], or their sums that stay below 2^16; rounded as Pillow does.
inline uint8_t over_255(int product) {
  const int rounded = product + 128;
  return static_cast<uint8_t>(((rounded >> 8) + rounded) >> 8);
}

// A sample of which `bits` are significant, over the range of 8 bits.
inline uint8_t narrowed(uint32_t sample, int bits) {
  const uint32_t largest = (uint32_t{1} << bits) - 1;
  return static_cast<uint8_t>((std::min(sample, largest) * 510 + largest) / (2 * largest));
}

// Narrows `width` pixels of 16-bit samples, big-endian, in place. Opacity has 16 significant bits, whatever colours
// have.
inline void narrow_row(uint8_t* row, int64_t width, int colours, bool has_alpha, int bits) {
  const uint8_t* from = row;
  const auto next = [&] {
    const uint32_t sample = uint32_t{from[0]} << 8 | from[1];
    from += 2;
    return sample;
  };
  for (int64_t x = 0; x < width; ++x) {
    for (int i = 0; i < colours; ++i) *row++ = narrowed(next(), bits);
    if (has_alpha) *row++ = narrowed(next(), 16);
  }
}

// Composes `width` pixels of `colours` colours and an opacity each, in place: as many pixels without opacity.
inline void compose_row(uint8_t* row, int64_t width, int colours, uint8_t background) {
  const uint8_t* from = row;
  for (int64_t x = 0; x < width; ++x, from += colours + 1, row += colours) {
    const int opacity = from[colours], rest = background * (255 - opacity);
    for (int i = 0; i < colours; ++i) row[i] = over_255(from[i] * opacity + rest);
  }
}

// Stores `width` pixels of `colours` colours, 1 or 3, as ones of `channels`, 1 or 3.
inline void store_row(const uint8_t* from, int64_t width, int colours, uint8_t* to, int64_t channels) {
  if (colours == channels) {
    std::memcpy(to, from, static_cast<size_t>(width * channels));
    return;
  }
  for (int64_t x = 0; x < width; ++x, from += colours, to += channels) {
    if (channels == 1)
      *to = luma(from[0], from[1], from[2]);
    else
      std::fill(to, to + 3, *from);
  }
}

}  // namespace dha::datasets
