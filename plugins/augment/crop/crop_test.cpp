#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <set>
#include <utility>

#include "dha/augmenter.hpp"
#include "dha/error.hpp"
#include "support/fake_stage.hpp"
#include "support/linked_plugin.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;

const std::vector<double> kMean{0.2, 0.4, 0.6};  // 51, 102, 153

at::Tensor random_images(int64_t count, int64_t channels, int64_t height, int64_t width) {
  return at::randint(256, {count, channels, height, width}, at::detail::createCPUGenerator(5), at::kByte);
}

at::Tensor cropped(const at::Tensor& images, const std::string& params, uint64_t seed = 1) {
  test::TestContext context(seed);
  test::FakeStage stage;
  stage.info.channels = images.size(1);
  stage.info.mean.assign(kMean.begin(), kMean.begin() + images.size(1));
  const auto crop = test::linked_component<Augmenter>("dha.crop", context, params);
  crop->prepare(stage);
  return crop->apply(images, at::zeros({images.size(0)}, at::kLong)).images;
}

// One image, moved by (down, right) px, with a border of `fill` per channel: written apart from the code under test.
at::Tensor moved(const at::Tensor& image, int64_t down, int64_t right, const std::vector<int64_t>& fill) {
  at::Tensor result = at::full(image.sizes(), 0, at::kByte);
  for (int64_t c = 0; c < image.size(0); ++c)
    for (int64_t y = 0; y < image.size(1); ++y)
      for (int64_t x = 0; x < image.size(2); ++x) {
        const int64_t from_y = y - down, from_x = x - right;
        const bool is_inside = from_y >= 0 && from_y < image.size(1) && from_x >= 0 && from_x < image.size(2);
        result[c][y][x].fill_(is_inside ? image[c][from_y][from_x].item() : at::Scalar(fill[c]));
      }
  return result;
}

BOOST_AUTO_TEST_SUITE(crop)

BOOST_AUTO_TEST_CASE(every_offset_occurs_and_nothing_else) {
  for (const int64_t channels : {1, 3})
    for (const char* fill : {"zero", "mean"}) {
      const std::vector<int64_t> colour =
          std::string(fill) == "zero" ? std::vector<int64_t>{0, 0, 0} : std::vector<int64_t>{51, 102, 153};
      const at::Tensor image = random_images(1, channels, 3, 5);
      const at::Tensor result = cropped(image.expand({200, -1, -1, -1}).contiguous(),
                                        std::string(R"({"padding_px": 1, "fill": ")") + fill + "\"}");
      BOOST_TEST(result.is_contiguous());
      std::set<std::pair<int64_t, int64_t>> found;
      for (int64_t down : {-1, 0, 1})
        for (int64_t right : {-1, 0, 1}) {
          const at::Tensor expected = moved(image[0], down, right, colour);
          for (int64_t i = 0; i < result.size(0); ++i)
            if (at::equal(result[i], expected)) found.emplace(down, right);
        }
      BOOST_TEST(found.size() == 9u);
      for (int64_t i = 0; i < result.size(0); ++i) {
        bool is_move = false;
        for (const auto& [down, right] : found)
          is_move = is_move || at::equal(result[i], moved(image[0], down, right, colour));
        BOOST_TEST_REQUIRE(is_move);
      }
    }
}

// One lit pixel in the middle shows the offset: 81 places, equally likely.
BOOST_AUTO_TEST_CASE(offsets_are_uniform) {
  const int64_t count = 81 * 100;
  at::Tensor images = at::zeros({count, 1, 9, 9}, at::kByte);
  images.select(2, 4).select(2, 4).fill_(1);
  const at::Tensor places = cropped(images, R"({"padding_px": 4})").view({count, 81});
  BOOST_TEST(places.sum(1).eq(1).all().item().toBool());
  const at::Tensor counts = places.sum(0).to(at::kDouble);
  const double statistic = (counts - 100).square().sum().item().toDouble() / 100;
  BOOST_TEST(statistic > 80 - 5 * 12.6);  // chi-square of 80 degrees has SD 12.6
  BOOST_TEST(statistic < 80 + 5 * 12.6);
}

BOOST_AUTO_TEST_CASE(without_padding_nothing_changes) {
  const at::Tensor images = random_images(8, 3, 4, 6);
  const at::Tensor copy = images.clone();
  BOOST_TEST(at::equal(cropped(images, R"({"padding_px": 0})"), copy));
  cropped(images, R"({"padding_px": 2})");
  BOOST_TEST(at::equal(images, copy));
}

BOOST_AUTO_TEST_CASE(seed_decides) {
  const at::Tensor images = random_images(32, 3, 8, 8);
  BOOST_TEST(at::equal(cropped(images, "{}", 7), cropped(images, "{}", 7)));
  BOOST_TEST(!at::equal(cropped(images, "{}", 7), cropped(images, "{}", 8)));
}

BOOST_AUTO_TEST_CASE(empty_batch) {
  BOOST_TEST(cropped(random_images(0, 3, 4, 6), "{}").sizes().vec() == (std::vector<int64_t>{0, 3, 4, 6}));
}

BOOST_AUTO_TEST_CASE(a_mean_that_is_not_known_is_refused) {
  test::TestContext context;
  test::FakeStage stage;
  stage.info.mean.clear();
  const auto by_mean = test::linked_component<Augmenter>("dha.crop", context, R"({"fill": "mean"})");
  BOOST_CHECK_THROW(by_mean->prepare(stage), Error);
  BOOST_CHECK_NO_THROW(test::linked_component<Augmenter>("dha.crop", context)->prepare(stage));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
