#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "dha/augmenter.hpp"
#include "dha/error.hpp"
#include "support/fake_stage.hpp"
#include "support/linked_plugin.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;

const std::vector<double> kMean{0.2, 0.4, 0.6};  // 51, 102, 153

struct ImageStage : test::FakeStage {
  explicit ImageStage(int64_t channels) {
    info.channels = channels;
    info.mean.assign(kMean.begin(), kMean.begin() + channels);
  }
};

at::Tensor random_images(int64_t count, int64_t channels, int64_t height, int64_t width) {
  return at::randint(256, {count, channels, height, width}, at::detail::createCPUGenerator(5), at::kByte);
}

at::Tensor cut(const at::Tensor& images, int64_t size, uint64_t seed = 1) {
  test::TestContext context(seed);
  const ImageStage stage(images.size(1));
  const auto cutout =
      test::linked_component<Augmenter>("dha.cutout", context, R"({"size_px": )" + std::to_string(size) + "}");
  cutout->prepare(stage);
  return cutout->apply(images, at::zeros({images.size(0)}, at::kLong)).images;
}

BOOST_AUTO_TEST_SUITE(cutout)

BOOST_AUTO_TEST_CASE(covers_with_the_mean_and_keeps_the_rest) {
  for (const int64_t channels : {1, 3}) {
    // No channel of these images equals its mean anywhere.
    const at::Tensor images = random_images(50, channels, 6, 9).clamp_min(154);
    const at::Tensor copy = images.clone();
    const at::Tensor result = cut(images, 4);
    const at::Tensor mean = at::tensor({51, 102, 153}, at::kByte).slice(0, 0, channels).view({1, -1, 1, 1});
    const at::Tensor is_covered = result.eq(mean);
    BOOST_TEST(result.is_contiguous());
    BOOST_TEST(at::equal(at::where(is_covered, images, result), images));
    BOOST_TEST(at::equal(is_covered, is_covered.select(1, 0).unsqueeze(1).expand(is_covered.sizes())));
    BOOST_TEST(is_covered.flatten(1).any(1).all().item().toBool());
    BOOST_TEST(at::equal(images, copy));
  }
}

// The centre is uniform over the pixels, so the covered rows of an image have the sizes and places of that law.
BOOST_AUTO_TEST_CASE(squares_have_the_side_and_lie_anywhere) {
  for (const int64_t size : {1, 4, 5}) {
    const int64_t side = 8, count = 64 * 100;
    const at::Tensor covered = cut(at::full({count, 1, side, side}, 255, at::kByte), size).eq(51).select(1, 0);
    const at::Tensor rows = covered.any(2), columns = covered.any(1);  // (count, side)
    BOOST_TEST(at::equal(covered, rows.unsqueeze(2).logical_and(columns.unsqueeze(1))));
    at::Tensor squares = at::zeros({side, side}, at::kLong);
    for (int64_t y = 0; y < side; ++y)
      for (int64_t x = 0; x < side; ++x) {
        const auto band = [&](int64_t centre) {
          at::Tensor is_covered = at::zeros({1, side}, at::kBool);
          is_covered.slice(1, std::max<int64_t>(0, centre - size / 2), std::min(side, centre - size / 2 + size))
              .fill_(true);
          return is_covered;
        };
        squares[y][x] = rows.eq(band(y)).all(1).logical_and(columns.eq(band(x)).all(1)).sum();
      }
    BOOST_TEST(squares.sum().item().toLong() == count);
    const double statistic = (squares.to(at::kDouble) - 100).square().sum().item().toDouble() / 100;
    BOOST_TEST(statistic > 63 - 5 * 11.2);  // chi-square of 63 degrees has SD 11.2
    BOOST_TEST(statistic < 63 + 5 * 11.2);
  }
}

BOOST_AUTO_TEST_CASE(nothing_and_everything) {
  const at::Tensor images = random_images(9, 3, 5, 5);
  BOOST_TEST(at::equal(cut(images, 0), images));
  BOOST_TEST(cut(images, 10).select(1, 2).eq(153).all().item().toBool());
}

BOOST_AUTO_TEST_CASE(seed_decides) {
  const at::Tensor images = random_images(32, 3, 8, 8);
  BOOST_TEST(at::equal(cut(images, 4, 7), cut(images, 4, 7)));
  BOOST_TEST(!at::equal(cut(images, 4, 7), cut(images, 4, 8)));
}

BOOST_AUTO_TEST_CASE(empty_batch) {
  BOOST_TEST(cut(random_images(0, 3, 4, 6), 4).sizes().vec() == (std::vector<int64_t>{0, 3, 4, 6}));
}

BOOST_AUTO_TEST_CASE(other_channels_and_an_unknown_mean_are_refused) {
  test::TestContext context;
  const ImageStage unknown(0), colours(3);
  const auto unknown_mean = test::linked_component<Augmenter>("dha.cutout", context);
  BOOST_CHECK_THROW(unknown_mean->prepare(unknown), Error);
  const auto colour = test::linked_component<Augmenter>("dha.cutout", context);
  colour->prepare(colours);
  BOOST_CHECK_THROW(colour->apply(random_images(2, 1, 4, 4), {}), Error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
