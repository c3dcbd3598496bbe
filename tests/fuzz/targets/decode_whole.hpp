// Decodes a whole image and a part of it, as training and evaluation do, and turns it as it says.
#pragma once

#include <algorithm>

#include "dha/error.hpp"
#include "image_folder/image_reading.hpp"
#include "image_folder/orientation.hpp"
#include "image_folder/pixel_block.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::fuzz {

// header(): a StoredImage; decode(request, channels, reading): a PixelBlock.
template <class Header, class Decode>
void decode_whole(Header header, Decode decode) {
  try {
    const datasets::StoredImage image = header();
    const ImageSize size = image.size;
    if (size.height * size.width > 1 << 20) return;  // slow, and no fault
    const ImageRequest whole{0, 0, size.height, size.width, 8, 8, false};
    const ImageRequest part{size.height / 3,
                            size.width / 3,
                            std::max<int64_t>(size.height / 2, 1),
                            std::max<int64_t>(size.width / 2, 1),
                            8,
                            8,
                            true};
    const ImageSize shown = datasets::displayed_size(size, image.orientation);
    const ImageRequest corner{shown.height - 1, shown.width - 1, 1, 1, 8, 8, false};
    const ImageRequest requests[] = {whole, part, datasets::stored_request(corner, size, image.orientation)};
    for (const bool accept_truncated : {false, true})
      for (const int64_t channels : {1, 3})
        for (const ImageRequest& request : requests) {
          const datasets::ImageReading reading{true, 255, accept_truncated ? 12 : 16, accept_truncated};
          try {
            datasets::displayed(decode(request, channels, reading), image.orientation);
          } catch (const datasets::UnreadableImage&) {
          }
        }
  } catch (const datasets::UnreadableImage&) {
  }
}

}  // namespace dha::fuzz
