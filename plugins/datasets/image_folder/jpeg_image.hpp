// JPEG through libjpeg-turbo: what the header says, and a crop decoded at the smallest DCT scale that suffices.
#pragma once

#include <cstdint>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/image_reading.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// What is not said otherwise throws UnreadableImage where `file` is damaged, of an unsupported kind or larger than
// kMostPixels. [any thread]

// `file` may be the beginning of a file, as long as it reaches the first scan.
StoredImage jpeg_header(std::span<const uint8_t> file);

// Whether an end marker stands in `bytes`, which are of the pixels' data. Where not, an image may be truncated.
bool has_jpeg_end(std::span<const uint8_t> bytes);

// Decodes what `request` needs, which lies inside the image and is of the pixels as they are stored: 1 (luma) or 3
// (RGB) channels, scaled by n/8 so that the crop is at least as large as the requested size. Where the data end too
// early the image counts as truncated wherever the crop lies, unless `reading` accepts that: then libjpeg fills the
// rest with grey. Damage that libjpeg does not find fatal shows in the pixels. Four inks become RGB as in Pillow,
// inverted where Adobe's marker is there. `place`, where given, is called with what the header says before anything is
// decoded; it may throw, and returns what replaces `request`.
PixelBlock decode_jpeg(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                       const ImageReading& reading = {}, const Placement& place = {});

}  // namespace dha::datasets
