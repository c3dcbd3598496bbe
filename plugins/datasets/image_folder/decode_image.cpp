// Reads images for tests/golden/image_folder/live_test.py, which compares them with Pillow's.
//
// A request is a line on stdin: top, left, height and width of the crop, height and width of the result, channels,
// whether to orient, grey level of the background, bits, whether to accept truncated files, and the path; a height of 0
// asks for all of the image at its own size. The answer is a line "height width" and the pixels, (channels, height,
// width), or a line "refused" with the reason.
#include <iostream>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "image_folder/image_file.hpp"
#include "image_folder/unreadable_image.hpp"

namespace {

using namespace dha;
using namespace dha::datasets;

void answer(const std::string& path, ImageRequest request, int64_t channels, const ImageReading& reading) {
  const ImageSize size = read_image_header(path, reading).size;
  if (request.crop_height == 0) request = {0, 0, size.height, size.width, size.height, size.width, false};
  std::vector<char> pixels(static_cast<size_t>(channels * request.height * request.width));
  read_image(path, size, request, channels, reinterpret_cast<uint8_t*>(pixels.data()), reading);
  std::cout << request.height << ' ' << request.width << '\n';
  std::cout.write(pixels.data(), static_cast<std::streamsize>(pixels.size()));
}

}  // namespace

int main() {
  ImageRequest request;
  ImageReading reading;
  int64_t channels = 0;
  int background = 0;
  std::string path;
  while (std::cin >> request.crop_top >> request.crop_left >> request.crop_height >> request.crop_width >>
             request.height >> request.width >> channels >> reading.orient >> background >> reading.bits >>
             reading.accept_truncated >> std::ws &&
         std::getline(std::cin, path)) {
    reading.background = static_cast<uint8_t>(background);
    try {
      answer(path, request, channels, reading);
    } catch (const UnreadableImage& error) {
      std::cout << "refused " << error.what() << '\n';
    }
    std::cout.flush();
  }
  return 0;
}
