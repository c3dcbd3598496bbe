// PNG images of a data set.
#include "decode_whole.hpp"
#include "image_folder/png_image.hpp"
#include "png_mutator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> file(data, size);
  dha::fuzz::decode_whole(
      [&] { return dha::datasets::png_header(file); },
      [&](const dha::ImageRequest& request, int64_t channels, const dha::datasets::ImageReading& reading) {
        return dha::datasets::decode_png(file, request, channels, reading);
      });
  try {
    dha::datasets::largest_png_sample(file);
  } catch (const dha::datasets::UnreadableImage&) {
  }
  dha::datasets::png_orientation_behind(file);
  return 0;
}
