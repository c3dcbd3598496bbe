// JPEG images and their EXIF.
#include "decode_whole.hpp"
#include "image_folder/jpeg_image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> file(data, size);
  dha::fuzz::decode_whole(
      [&] { return dha::datasets::jpeg_header(file); },
      [&](const dha::ImageRequest& request, int64_t channels, const dha::datasets::ImageReading& reading) {
        return dha::datasets::decode_jpeg(file, request, channels, reading);
      });
  return 0;
}
