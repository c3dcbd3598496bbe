// EXIF orientation: where it stands, and what it does to sizes, requests and pixels.
//
// "Stored" is how a file has its rows and columns, "displayed" how people see them. Orientations are 1 to 8 as EXIF
// counts them: 1 as stored, 2 mirrored, 3 turned by 180 degrees, 4 upside down, 5 transposed, 6 to be turned clockwise,
// 7 transposed along the other diagonal, 8 to be turned anticlockwise.
#pragma once

#include <cstdint>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// The orientation that an EXIF block has, which is a TIFF header and its directories, of either byte order, with or
// without "Exif\0\0" ahead. 1 where the block is damaged or has none.
int exif_orientation(std::span<const uint8_t> exif);

ImageSize displayed_size(ImageSize stored, int orientation);

// What to decode of the stored image for `request`, which is of the displayed one; the result is not yet flipped.
ImageRequest stored_request(const ImageRequest& request, ImageSize stored, int orientation);

// The pixels of `block` as they are displayed, with its crop.
PixelBlock displayed(const PixelBlock& block, int orientation);

}  // namespace dha::datasets
