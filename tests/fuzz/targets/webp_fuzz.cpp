// WebP images.
#include "decode_whole.hpp"
#include "image_folder/webp_image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> file(data, size);
  dha::datasets::is_animated_webp(file);
  dha::fuzz::decode_whole(
      [&] { return dha::datasets::webp_header(file); },
      [&](const dha::ImageRequest& request, int64_t channels, const dha::datasets::ImageReading& reading) {
        return dha::datasets::decode_webp(file, request, channels, reading);
      });
  return 0;
}
