// Decodes a whole image and a part of it, as training and evaluation do.
#pragma once

#include <algorithm>

#include "dha/error.hpp"
#include "image_folder/pixel_block.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::fuzz {

template <class Size, class Decode>
void decode_whole(Size size_of, Decode decode) {
  try {
    const ImageSize size = size_of();
    if (size.height * size.width > 1 << 20) return;  // slow, and no fault
    const ImageRequest whole{0, 0, size.height, size.width, 8, 8, false};
    const ImageRequest part{size.height / 3,
                            size.width / 3,
                            std::max<int64_t>(size.height / 2, 1),
                            std::max<int64_t>(size.width / 2, 1),
                            8,
                            8,
                            true};
    for (const int64_t channels : {1, 3})
      for (const ImageRequest& request : {whole, part}) decode(request, channels);
  } catch (const datasets::UnreadableImage&) {
  }
}

}  // namespace dha::fuzz
