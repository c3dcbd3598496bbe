// JPEG through libjpeg-turbo: the size from the header, and a crop decoded at the smallest DCT scale that suffices.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "dha/dataset.hpp"
#include "image_folder/pixel_block.hpp"

namespace dha::datasets {

// Both throw UnreadableImage where `file` is damaged, of an unsupported kind or larger than kMostPixels. EXIF
// orientation is not applied, as Pillow and torchvision do not. [any thread]

// `file` may be the beginning of a file, as long as it reaches the frame header.
ImageSize jpeg_size(std::span<const uint8_t> file);

// Decodes what `request` needs, which lies inside the image where `check` returns: 1 (luma) or 3 (RGB) channels, scaled
// by n/8 so that the crop is at least as large as the requested size. An image without its end marker counts as
// truncated wherever the crop lies. `check` is called with the image's size before anything is decoded, and may throw.
PixelBlock decode_jpeg(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                       const std::function<void(ImageSize)>& check = {});

}  // namespace dha::datasets
