// How the pixels of image files are read; the same for every file of a data set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "dha/dataset.hpp"

namespace dha::datasets {

struct ImageReading {
  bool orient = true;             // turn and mirror as the EXIF orientation says
  uint8_t background = 255;       // grey level that shows where an image is transparent
  int bits = 16;                  // significant bits of 16-bit images, 8 to 16; larger samples become 255
  bool accept_truncated = false;  // decode what is there; the rest is left as the decoder leaves it
};

// For files that belong to no data set of image files.
inline constexpr ImageReading kUsualReading{};

// What the beginning of a file says of the image as it is stored.
struct StoredImage {
  ImageSize size;
  int orientation = 1;  // 1 to 8, as EXIF counts
  bool has_16_bits = false;
  size_t data_begin = 0;  // where the pixels' data begin in the file, or before
};

// Turns what a header says into what to decode, in pixels as they are stored.
using Placement = std::function<ImageRequest(const StoredImage&)>;

}  // namespace dha::datasets
