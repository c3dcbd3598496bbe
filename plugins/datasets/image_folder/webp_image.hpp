// WebP through libwebp: what the header says, and the pixels of a crop.
#pragma once

#include <cstdint>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/image_reading.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// What is not said otherwise throws UnreadableImage where `file` is damaged, animated or larger than kMostPixels. [any
// thread]

// `file` may be the beginning of a file; an orientation that stands behind it is then not found.
StoredImage webp_header(std::span<const uint8_t> file);

// Whether the header tells of EXIF, which stands behind the pixels' data.
bool webp_has_exif(std::span<const uint8_t> file);

// Whether the header tells of more than one picture. False where `file` is damaged.
bool is_animated_webp(std::span<const uint8_t> file);

// The bytes that a file has according to its header, which is in `file`.
int64_t webp_bytes(std::span<const uint8_t> file);

// Decodes the crop of `request`, which lies inside the image and is of the pixels as they are stored, at full size: 1
// (luma) or 3 (RGB) channels. What is transparent is composed on the background of `reading`. A truncated image is an
// error whatever `reading` accepts, as it is in Pillow. `place`, where given, is called with what the header says
// before anything is decoded; it may throw, and returns what replaces `request`.
PixelBlock decode_webp(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                       const ImageReading& reading = {}, const Placement& place = {});

}  // namespace dha::datasets
