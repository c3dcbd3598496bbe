// The image operations against checksums of Pillow's results (tests/golden/image_operations).
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apply_operation.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;
using Json = nlohmann::json;

constexpr std::array<const char*, 4> kKinds{"noise", "photo", "constant", "two_valued"};

// A triangle between 0 and 255 with a period of 510.
int wave(int t) { return std::abs(t % 510 - 255); }

int pixel(const std::string& kind, int noise, int c, int y, int x) {
  if (kind == "noise") return noise;
  if (kind == "constant") return 37 + 80 * c;
  if (kind == "two_valued") return noise >= 128 ? 200 - 10 * c : 20 + 30 * c;
  const int smooth = (3 * wave(7 * x + 3 * y + 50 * c) + 2 * wave(2 * x + 11 * y + 90 * c)) / 5;
  return std::clamp(smooth + noise / 16 - 8, 0, 255);
}

// The formula of pillow_operations.py.
std::vector<uint8_t> make_image(size_t kind, const ImageShape& shape) {
  auto state = static_cast<uint32_t>(kind + 1);
  std::vector<uint8_t> image;
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x) {
        state = state * 1664525u + 1013904223u;
        image.push_back(static_cast<uint8_t>(pixel(kKinds[kind], static_cast<int>(state >> 24), c, y, x)));
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
  const Mapping mapping = test_case[0] == "paper" ? Mapping::kPaper : Mapping::kStrength;
  const Resampling resampling = test_case[4] == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  return {*operation, operation_value(*operation, test_case[2], test_case[3], mapping), resampling, fill};
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
  const Json golden = Json::parse(std::ifstream(test::source_dir() / "tests/golden/image_operations/golden.json"));
  const std::vector<ImageGroup> groups = make_groups(golden);
  const std::array<uint8_t, 3> fill = golden.at("fill");
  for (size_t i = 0; i < groups.size(); ++i)
    BOOST_TEST_REQUIRE(checksum(groups[i].images) == golden.at("images")[i].get<std::string>());
  BOOST_TEST_REQUIRE(golden.at("cases").size() == 410u);
  Workspace workspace;
  for (const Json& test_case : golden.at("cases")) {
    const OperationCall call = call_of(test_case, fill);
    for (size_t i = 0; i < groups.size(); ++i)
      BOOST_TEST(checksum_of_results(call, groups[i], workspace) == test_case[5][i].get<std::string>(),
                 test_case[0] << ' ' << test_case[1] << " level " << test_case[2] << " sign " << test_case[3] << ' '
                              << test_case[4] << " on images of " << golden["shapes"][i]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
