// PNG through libpng: the size from the header, and the rows and columns of a crop.
#pragma once

#include <cstdint>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// Both throw UnreadableImage where `file` is damaged or larger than kMostPixels. [any thread]

// `file` may be the beginning of a file, as long as it reaches the end of the header chunk.
ImageSize png_size(std::span<const uint8_t> file);

// Decodes the crop of `request`, which lies inside the image, at full size: 1 (luma) or 3 (RGB) channels of 8 bits. 16
// bits are scaled to 8, palettes are looked up, opacity is dropped, colour profiles are ignored. An image without its
// end chunk counts as truncated wherever the crop lies.
PixelBlock decode_png(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels);

}  // namespace dha::datasets
