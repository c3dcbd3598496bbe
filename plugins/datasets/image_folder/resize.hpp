// Antialiased bilinear resize of a crop.
#pragma once

#include <cstdint>

#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// Resizes the crop of `block` to `height` x `width` into `pixels`, (channels, height, width), contiguous; `flip`
// reverses left and right afterwards. The filter is a triangle whose half width is the scale factor, at least 1 px,
// cut off at the block's edge: what Pillow's Image.resize(…, BILINEAR) computes, which rounds once more between its two
// passes, so that values differ from it by at most 1. Bit-stable across CPUs. [any thread]
void resize_bilinear(const PixelBlock& block, int64_t height, int64_t width, bool flip, uint8_t* pixels);

}  // namespace dha::datasets
