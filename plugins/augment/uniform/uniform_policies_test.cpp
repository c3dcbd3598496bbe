// dha.trivial_augment and dha.rand_augment: byte for byte against torchvision, and what is drawn.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "dha/images/level_scale.hpp"
#include "dha/images/nearest.hpp"
#include "operation_table.hpp"
#include "rand_augment.hpp"
#include "support/chi_square.hpp"
#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/paths.hpp"
#include "support/test_context.hpp"
#include "trivial_augment.hpp"

namespace {

using namespace dha;
using namespace dha::uniform;
using Json = nlohmann::json;

constexpr int64_t kBins = 31;

// torchvision's names in the order of the operations.
constexpr const char* kNames[] = {"Identity",  "ShearX",     "ShearY",       "TranslateX", "TranslateY",
                                  "Rotate",    "Brightness", "Color",        "Contrast",   "Sharpness",
                                  "Posterize", "Solarize",   "AutoContrast", "Equalize"};

// The image of make_policies.py, (1, channels, height, width).
at::Tensor made_image(int64_t channels, int64_t height, int64_t width) {
  at::Tensor image = at::empty({1, channels, height, width}, at::kByte);
  uint8_t* next = image.mutable_data_ptr<uint8_t>();
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        *next++ = static_cast<uint8_t>((c * 53 + y * y * 7 + x * x * 3 + x * y * 5 + 11 * x) % 256);
  return image;
}

// FNV-1a.
std::string checksum(const at::Tensor& images) {
  const at::Tensor bytes = images.contiguous();
  uint64_t hash = 14695981039346656037U;
  for (int64_t i = 0; i < bytes.numel(); ++i) hash = (hash ^ bytes.const_data_ptr<uint8_t>()[i]) * 1099511628211U;
  return fmt::format("{:016x}", hash);
}

struct ImageStage : test::FakeStage {
  ImageStage(int64_t channels, int64_t side) {
    info.channels = channels;
    info.height = info.width = side;
  }
};

at::Tensor random_images(int64_t count, int64_t channels, int64_t side) {
  return at::randint(256, {count, channels, side, side}, at::detail::createCPUGenerator(5), at::kByte);
}

template <class Augmenter>
at::Tensor augmented(const char* params, const Stage& stage, const at::Tensor& images, uint64_t seed = 1) {
  test::TestContext context(seed);
  Augmenter augmenter(test::complete_params<Augmenter>(params), context);
  augmenter.prepare(stage);
  return augmenter.apply(images, at::zeros({images.size(0)}, at::kLong)).images;
}

BOOST_AUTO_TEST_SUITE(uniform_policies)

BOOST_AUTO_TEST_CASE(every_operation_bin_and_sign_gives_the_bytes_of_torchvision) {
  std::ifstream file(test::source_dir() / "tests/golden/uniform_policies/policies.json");
  const Json golden = Json::parse(file);
  for (const Json& expected : golden["cases"]) {
    const auto channels = expected["shape"][0].get<int64_t>(), height = expected["shape"][1].get<int64_t>(),
               width = expected["shape"][2].get<int64_t>();
    const std::vector<BinnedOperation> operations = expected["policy"] == "trivial_augment"
                                                        ? wide_operations(kBins)
                                                        : rand_augment_operations(kBins, height, width);
    const OperationTable table(operations, kBins, height, width, at::kCPU);
    const at::Tensor fill = at::tensor(expected["fill"].get<std::vector<int64_t>>()).to(at::kByte);
    const at::Tensor images = made_image(channels, height, width).expand({2 * kBins, -1, -1, -1}).contiguous();
    BOOST_TEST_REQUIRE(operations.size() == std::size(kNames));
    for (size_t k = 0; k < operations.size(); ++k) {
      std::vector<int64_t> rows;
      for (int64_t bin = 0; bin < kBins; ++bin)
        for (int64_t negative = 0; negative < 2; ++negative)
          rows.push_back(
              table.rows(at::tensor(static_cast<int64_t>(k)), at::tensor(bin), at::tensor(negative)).item<int64_t>());
      BOOST_TEST(
          checksum(table.apply(images, at::tensor(rows), fill)) == expected["operations"][kNames[k]].get<std::string>(),
          expected["policy"] << ", " << kNames[k] << " of " << expected["shape"] << ", fill " << expected["fill"]);
    }
  }
}

// The images of a batch that all have one operation differ by bin and sign only, so that their results can be counted.
BOOST_AUTO_TEST_CASE(all_operations_bins_and_signs_are_drawn_alike) {
  constexpr int64_t kCount = 60000;
  const ImageStage stage(3, 8);
  const at::Tensor images = made_image(3, 8, 8);
  const std::vector<BinnedOperation> operations = wide_operations(4);
  const OperationTable table(operations, 4, 8, 8, at::kCPU);
  std::map<std::string, double> expected, found;
  for (int64_t k = 0; k < 14; ++k)
    for (int64_t bin = 0; bin < 4; ++bin)
      for (int64_t negative = 0; negative < 2; ++negative) {
        const at::Tensor row = table.rows(at::tensor(k), at::tensor(bin), at::tensor(negative)).view({1});
        expected[checksum(table.apply(images, row, at::zeros({3}, at::kByte)))] += kCount / (14.0 * 4 * 2);
      }
  const at::Tensor drawn =
      augmented<TrivialAugment>(R"({"bins": 4})", stage, images.expand({kCount, -1, -1, -1}).contiguous());
  for (int64_t i = 0; i < kCount; ++i) ++found[checksum(drawn.select(0, i))];
  std::vector<double> counts, means;
  for (const auto& [sum, mean] : expected) {
    counts.push_back(found[sum]);
    means.push_back(mean);
  }
  BOOST_TEST(found.size() == expected.size());
  BOOST_TEST(expected.size() > 50U);
  BOOST_TEST(test::chi_square(counts, means) < test::chi_square_limit(counts.size()));
}

BOOST_AUTO_TEST_CASE(rand_augment_applies_its_operations_in_sequence_at_one_magnitude) {
  const ImageStage stage(1, 9);
  const at::Tensor image = made_image(1, 9, 9);
  const OperationTable table(rand_augment_operations(kBins, 9, 9), kBins, 9, 9, at::kCPU);
  const at::Tensor fill = at::full({1}, 7, at::kByte);
  std::map<std::string, int64_t> possible;
  for (int64_t first = 0; first < 28; ++first)
    for (int64_t second = 0; second < 28; ++second) {
      const auto row = [&](int64_t drawn) {
        return table.rows(at::tensor(drawn / 2), at::tensor(int64_t{20}), at::tensor(drawn % 2)).view({1});
      };
      ++possible[checksum(table.apply(table.apply(image, row(first), fill), row(second), fill))];
    }
  const at::Tensor drawn =
      augmented<RandAugment>(R"({"magnitude": 20, "fill": [7]})", stage, image.expand({2000, -1, -1, -1}).contiguous());
  std::map<std::string, int64_t> found;
  for (int64_t i = 0; i < 2000; ++i) {
    const std::string sum = checksum(drawn.select(0, i));
    BOOST_TEST_REQUIRE(possible.count(sum) == 1U);
    ++found[sum];
  }
  BOOST_TEST(found.size() > possible.size() / 2);
}

BOOST_AUTO_TEST_CASE(results_follow_the_generator_and_leave_the_input_alone) {
  for (const int64_t channels : {1, 3}) {
    const ImageStage stage(channels, 16);
    const at::Tensor images = random_images(30, channels, 16), copy = images.clone();
    const at::Tensor first = augmented<TrivialAugment>("{}", stage, images, 3);
    BOOST_TEST(first.equal(augmented<TrivialAugment>("{}", stage, images, 3)));
    BOOST_TEST(!first.equal(augmented<TrivialAugment>("{}", stage, images, 4)));
    BOOST_TEST(first.is_contiguous());
    BOOST_TEST(images.equal(copy));
    const at::Tensor smaller = random_images(5, channels, 11);
    BOOST_TEST(augmented<RandAugment>("{}", stage, smaller).sizes() == smaller.sizes());
    BOOST_TEST(augmented<RandAugment>("{}", stage, images.narrow(0, 0, 0)).size(0) == 0);
  }
}

BOOST_AUTO_TEST_CASE(operations_that_move_nothing_have_the_identity_as_their_map) {
  const at::Tensor images = random_images(3, 3, 12);
  const images::FixedMap still = images::fixed_map(images::Operation::kColor, 3, 12, 12);
  at::Tensor maps = at::tensor(std::vector<int64_t>(still.begin(), still.end())).expand({3, -1}).contiguous();
  BOOST_TEST(images::resample_nearest(images, maps, at::zeros({3}, at::kByte)).equal(images));
}

BOOST_AUTO_TEST_CASE(parameters_that_do_not_fit_are_refused) {
  const ImageStage stage(1, 8);
  const at::Tensor images = random_images(1, 1, 8);
  BOOST_CHECK_EXCEPTION(augmented<RandAugment>(R"({"bins": 10, "magnitude": 10})", stage, images), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "'magnitude'", "below 'bins' (10)"));
  BOOST_CHECK_EXCEPTION(augmented<TrivialAugment>(R"({"fill": [1, 2, 3]})", stage, images), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "'fill'", "3 values", "1 channels"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
