// The image operations against checksums of Pillow's results (tests/golden/image_operations).
#include <openssl/evp.h>
#include <png.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dha/images/level_scale.hpp"
#include "dha/images/pixels.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using namespace dha::images;
using Json = nlohmann::json;

const std::map<std::string, LevelScale> kScales{
    {"paper", LevelScale::kPaper}, {"strength", LevelScale::kStrength}, {"pba", LevelScale::kPba}};
constexpr std::array<const char*, 4> kKinds{"noise", "photo", "constant", "two_valued"};

std::filesystem::path folder() { return test::source_dir() / "tests/golden/image_operations"; }

// Interleaved RGB.
struct Photograph {
  std::vector<uint8_t> pixels;
  int height = 0, width = 0;
};

const Photograph& photograph() {
  static const Photograph read = [] {
    Photograph photo;
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    BOOST_TEST_REQUIRE(png_image_begin_read_from_file(&image, (folder() / "photograph.png").c_str()) != 0);
    image.format = PNG_FORMAT_RGB;
    photo.height = static_cast<int>(image.height);
    photo.width = static_cast<int>(image.width);
    photo.pixels.resize(PNG_IMAGE_SIZE(image));
    BOOST_TEST_REQUIRE(png_image_finish_read(&image, nullptr, photo.pixels.data(), 0, nullptr) != 0);
    return photo;
  }();
  return read;
}

// Of the middle of the photograph; an image of one channel is its green.
int photographed(const ImageShape& shape, int c, int y, int x) {
  const Photograph& photo = photograph();
  const int top = (photo.height - shape.height) / 2, left = (photo.width - shape.width) / 2;
  return photo.pixels[static_cast<size_t>(((top + y) * photo.width + left + x) * 3 + (shape.channels == 3 ? c : 1))];
}

int made(const std::string& kind, int noise, int c) {
  if (kind == "noise") return noise;
  if (kind == "constant") return 37 + 80 * c;
  return noise >= 128 ? 200 - 10 * c : 20 + 30 * c;
}

// As pillow_operations.py makes them.
std::vector<uint8_t> make_image(size_t kind, const ImageShape& shape) {
  const std::string name = kKinds[kind];
  auto state = static_cast<uint32_t>(kind + 1);
  std::vector<uint8_t> image;
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x) {
        state = state * 1664525u + 1013904223u;
        image.push_back(static_cast<uint8_t>(name == "photo" ? photographed(shape, c, y, x)
                                                             : made(name, static_cast<int>(state >> 24), c)));
      }
  return image;
}

// The first 16 digits of the SHA-256 of the images after one another.
std::string checksum(const std::vector<std::vector<uint8_t>>& images) {
  std::vector<uint8_t> all;
  for (const auto& image : images) all.insert(all.end(), image.begin(), image.end());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  BOOST_TEST_REQUIRE(EVP_Digest(all.data(), all.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::string text;
  for (size_t i = 0; i < 8; ++i)
    for (const int half : {digest[i] >> 4, digest[i] & 15}) text += "0123456789abcdef"[half];
  return text;
}

struct ImageGroup {
  ImageShape shape;
  std::vector<std::vector<uint8_t>> images;  // a kind each
};

std::vector<ImageGroup> make_groups(const Json& golden) {
  std::vector<ImageGroup> groups;
  for (const Json& shape : golden.at("shapes")) {
    groups.push_back({{shape[0], shape[1], shape[2]}, {}});
    for (size_t kind = 0; kind < kKinds.size(); ++kind)
      groups.back().images.push_back(make_image(kind, groups.back().shape));
  }
  return groups;
}

OperationCall call_of(const Json& test_case, const std::array<uint8_t, 3>& fill) {
  const auto operation = find_operation(test_case[1].get<std::string>());
  BOOST_TEST_REQUIRE(operation.has_value());
  const Resampling resampling = test_case[4] == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  return {*operation,      operation_value(*operation, test_case[2], test_case[3], kScales.at(test_case[0])),
          resampling,      fill,
          test_case[5][0], test_case[5][1]};
}

std::string checksum_of_results(const OperationCall& call, const ImageGroup& group, Workspace& workspace) {
  std::vector<std::vector<uint8_t>> results;
  for (const auto& image : group.images) {
    results.emplace_back(image.size());
    apply_operation(call, group.shape, image.data(), results.back().data(), workspace);
  }
  return checksum(results);
}

BOOST_AUTO_TEST_SUITE(image_operations_golden)

BOOST_AUTO_TEST_CASE(results_are_pillows) {
  const Json golden = Json::parse(std::ifstream(folder() / "golden.json"));
  const std::vector<ImageGroup> groups = make_groups(golden);
  const std::array<uint8_t, 3> fill = golden.at("fill");
  for (size_t i = 0; i < groups.size(); ++i)
    BOOST_TEST_REQUIRE(checksum(groups[i].images) == golden.at("images")[i].get<std::string>());
  BOOST_TEST_REQUIRE(golden.at("cases").size() == 1044u);
  Workspace workspace;
  for (const Json& test_case : golden.at("cases")) {
    const OperationCall call = call_of(test_case, fill);
    for (size_t i = 0; i < groups.size(); ++i)
      BOOST_TEST(checksum_of_results(call, groups[i], workspace) == test_case[6][i].get<std::string>(),
                 test_case[0] << ' ' << test_case[1] << " level " << test_case[2] << " sign " << test_case[3] << ' '
                              << test_case[4] << " on images of " << golden["shapes"][i]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
