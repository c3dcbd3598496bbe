// The resize against Pillow's, and its own laws.
#include "image_folder/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "image_folder/written_images.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;

// A block of the whole picture.
PixelBlock block_of(const Picture& picture) {
  PixelBlock block(picture.height, picture.width, picture.channels);
  std::copy(picture.pixels.begin(), picture.pixels.end(), block.pixels.begin());
  block.crop_height = static_cast<double>(picture.height);
  block.crop_width = static_cast<double>(picture.width);
  return block;
}

Picture part_of(const Picture& picture, int64_t top, int64_t left, int64_t height, int64_t width) {
  Picture part(height, width, picture.channels);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < picture.channels; ++c) part.at(y, x, c) = picture.at(top + y, left + x, c);
  return part;
}

// The result, planar as resize_bilinear() writes it.
std::vector<uint8_t> resized(const PixelBlock& block, int64_t height, int64_t width, bool flip = false) {
  std::vector<uint8_t> pixels(static_cast<size_t>(height * width * block.channels));
  resize_bilinear(block, height, width, flip, pixels.data());
  return pixels;
}

// Largest difference between planar pixels and a picture.
int difference(const std::vector<uint8_t>& planar, const Picture& picture) {
  int largest = 0;
  for (int64_t c = 0; c < picture.channels; ++c)
    for (int64_t y = 0; y < picture.height; ++y)
      for (int64_t x = 0; x < picture.width; ++x)
        largest = std::max(largest, std::abs(planar[static_cast<size_t>((c * picture.height + y) * picture.width + x)] -
                                             picture.at(y, x, c)));
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resize)

BOOST_AUTO_TEST_CASE(agrees_with_pillow) {
  const fs::path folder = test::source_dir() / "tests/golden/image_folder";
  const Picture source = read_png(folder / "source.png", 3);
  int cases = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
    long top, left, height, width, new_height, new_width;
    if (std::sscanf(file.path().filename().c_str(), "%ld_%ld_%ld_%ld_to_%ld_%ld.png", &top, &left, &height, &width,
                    &new_height, &new_width) != 6)
      continue;
    BOOST_TEST_CONTEXT(file.path().filename()) {
      const std::vector<uint8_t> found =
          resized(block_of(part_of(source, top, left, height, width)), new_height, new_width);
      BOOST_TEST(difference(found, read_png(file.path(), 3)) <= 1);
    }
    ++cases;
  }
  BOOST_TEST(cases == 5);
}

BOOST_AUTO_TEST_CASE(keeps_pixels_of_the_same_size) {
  for (const int64_t channels : {1, 3}) {
    const Picture picture = waves(9, 14, channels);
    BOOST_TEST(difference(resized(block_of(picture), 9, 14), picture) == 0);
  }
}

BOOST_AUTO_TEST_CASE(flips_after_scaling) {
  const PixelBlock block = block_of(waves(20, 33, 3));
  std::vector<uint8_t> plain = resized(block, 7, 11);
  for (auto row = plain.begin(); row != plain.end(); row += 11) std::reverse(row, row + 11);
  BOOST_TEST(resized(block, 7, 11, true) == plain, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keeps_a_constant_and_the_extremes) {
  for (const uint8_t value : {0, 77, 255}) {
    Picture picture(40, 30, 3);
    std::fill(picture.pixels.begin(), picture.pixels.end(), value);
    for (const int64_t side : {1, 13, 64}) {
      const std::vector<uint8_t> found = resized(block_of(picture), side, side);
      BOOST_TEST(std::count(found.begin(), found.end(), value) == static_cast<std::ptrdiff_t>(found.size()));
    }
  }
}

// A linear ramp, away from the edges, is reproduced at the centres of a crop that lies between pixels.
BOOST_AUTO_TEST_CASE(honours_a_crop_between_pixels) {
  Picture ramp(4, 64, 1);
  for (int64_t y = 0; y < 4; ++y)
    for (int64_t x = 0; x < 64; ++x) ramp.at(y, x, 0) = static_cast<uint8_t>(4 * x);
  PixelBlock block = block_of(ramp);
  block.crop_left = 10.25;
  block.crop_width = 40;
  const std::vector<uint8_t> found = resized(block, 4, 20);
  for (int64_t x = 0; x < 20; ++x)  // the pixel that is centred at k + 1/2 holds 4 k
    BOOST_TEST(found[static_cast<size_t>(x)] == std::lround(4 * (10.25 + (double(x) + 0.5) * 2 - 0.5)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
