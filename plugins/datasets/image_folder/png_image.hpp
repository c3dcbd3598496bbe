// PNG through libpng: what the header says, and the rows and columns of a crop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/image_reading.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// What is not said otherwise throws UnreadableImage where `file` is damaged or larger than kMostPixels. [any thread]

// How far from the end of a file an orientation may begin that stands behind the pixels' data.
inline constexpr size_t kPngEndBytes = size_t{64} << 10;

// `file` may be the beginning of a file, as long as it reaches the pixels' data; an orientation that stands behind them
// is found only where all of the file is given.
StoredImage png_header(std::span<const uint8_t> file);

// Whether an end chunk stands in `bytes`. Where not, an image may be truncated.
bool has_png_end(std::span<const uint8_t> bytes);

// The orientation that stands behind the pixels' data in `end`, the last kPngEndBytes of a file; 1 where none does.
int png_orientation_behind(std::span<const uint8_t> end);

// The largest sample of a 16-bit image, whatever its transparency; of damaged ones, that of the rows that can be read.
uint16_t largest_png_sample(std::span<const uint8_t> file);

// Decodes the crop of `request`, which lies inside the image and is of the pixels as they are stored, at full size: 1
// (luma) or 3 (RGB) channels of 8 bits. As `reading` says, 16 bits are scaled to 8 and what is transparent is composed
// on the background. Palettes are looked up, colour profiles and checksums of pixels are ignored. Where the data end
// before the last row the image counts as truncated wherever the crop lies, unless `reading` accepts that: then what
// lacks is zero, as is what follows damage. `place`, where given, is called with what the header says before anything
// is decoded; it may throw, and returns what replaces `request`.
PixelBlock decode_png(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                      const ImageReading& reading = {}, const Placement& place = {});

}  // namespace dha::datasets
