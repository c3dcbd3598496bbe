// The resize against Pillow's, and its own laws.
#include "image_folder/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "image_folder/resize_rows.hpp"
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
    Picture picture(400, 300, 3);
    std::fill(picture.pixels.begin(), picture.pixels.end(), value);
    for (const int64_t side : {1, 13, 64}) {
      const std::vector<uint8_t> found = resized(block_of(picture), side, side);
      BOOST_TEST(std::count(found.begin(), found.end(), value) == static_cast<std::ptrdiff_t>(found.size()));
    }
  }
}

// Where white meets black, no sum runs over, however many inputs there are.
BOOST_AUTO_TEST_CASE(shrinks_edges_without_a_jump) {
  Picture picture(600, 500, 3);
  for (size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = i % 7 == 0 ? 0 : 255;
  for (int64_t y = 0; y < 600; ++y) picture.at(y, 0, 0) = 0;
  for (const int64_t side : {1, 2, 3, 40, 300, 450}) {
    const std::vector<uint8_t> found = resized(block_of(picture), side, side);
    if (side <= 40) BOOST_TEST(*std::min_element(found.begin(), found.end()) > 200);
    BOOST_TEST(*std::max_element(found.begin(), found.end()) > 210);
  }
}

// What vectors come to is what loops without them come to, whatever the scale, to the byte.
BOOST_AUTO_TEST_CASE(vectors_change_no_bit) {
  std::mt19937 random(5);
  for (const int64_t channels : {1, 3})
    for (const int64_t width : {1, 5, 31, 170, 400})
      for (const int64_t outputs : {1, 17, 64, 224}) {
        std::vector<uint8_t> row(static_cast<size_t>(width * channels));
        for (uint8_t& value : row) value = static_cast<uint8_t>(random());
        const RowFilter columns(
            triangle_filter(width, 0.3, static_cast<double>(width) - 0.7, outputs, random() % 2 == 0));
        const auto size = static_cast<size_t>(channels * columns.filter.stride);
        std::vector<uint8_t> planes(static_cast<size_t>(channels * (width + pixels_behind(columns))));
        std::vector<int16_t> vectors(size), loops(size);
        resize_row(row.data(), width, channels, columns, planes.data(), vectors.data());
        resize_row_by_index(row.data(), channels, columns, loops.data());
        BOOST_TEST_CONTEXT(channels << " channels, " << width << " to " << outputs)
        BOOST_TEST(vectors == loops, boost::test_tools::per_element());
      }
  for (const int64_t taps : {2, 3, 6, 40}) {
    const double extent = 10.0 * static_cast<double>(taps);
    const Filter rows = triangle_filter(static_cast<int64_t>(extent) + 1, 0.5, extent, 20, false);
    RowBlend blend(rows.taps);
    std::vector<std::vector<int16_t>> values(static_cast<size_t>(rows.taps), std::vector<int16_t>(101));
    std::vector<const int16_t*> inputs;
    for (std::vector<int16_t>& input : values) {
      for (int16_t& value : input) value = static_cast<int16_t>(random() % 32641);
      inputs.push_back(input.data());
    }
    std::vector<uint8_t> vectors(100), loops(100);
    for (int64_t y = 0; y < 20; ++y) {
      blend.set_weights(rows, y);
      blend(inputs.data(), 1, 100, vectors.data());
      blend.by_index(inputs.data(), 1, 0, 100, loops.data());
      BOOST_TEST(vectors == loops, boost::test_tools::per_element());
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
