#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "dha/augmenter.hpp"
#include "dha/error.hpp"
#include "support/linked_plugin.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;

at::Tensor random_images(int64_t count, int64_t channels, int64_t height, int64_t width) {
  return at::randint(256, {count, channels, height, width}, at::detail::createCPUGenerator(5), at::kByte);
}

at::Tensor flipped(const at::Tensor& images, const std::string& probability, uint64_t seed = 1) {
  test::TestContext context(seed);
  const auto flip = test::linked_component<Augmenter>("dha.flip", context, R"({"probability": )" + probability + "}");
  return flip->apply(images, at::zeros({images.size(0)}, at::kLong)).images;
}

BOOST_AUTO_TEST_SUITE(flip)

BOOST_AUTO_TEST_CASE(never_and_always) {
  for (const int64_t channels : {1, 3}) {
    const at::Tensor images = random_images(40, channels, 4, 7);
    const at::Tensor copy = images.clone();
    BOOST_TEST(at::equal(flipped(images, "0"), images));
    BOOST_TEST(at::equal(flipped(images, "1"), images.flip({3})));
    BOOST_TEST(at::equal(images, copy));
  }
}

BOOST_AUTO_TEST_CASE(each_image_is_either_itself_or_reversed) {
  const at::Tensor images = random_images(2000, 3, 2, 5);
  const at::Tensor result = flipped(images, "0.3");
  BOOST_TEST(result.is_contiguous());
  int64_t reversed = 0;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const bool is_same = at::equal(result[i], images[i]);
    BOOST_TEST_REQUIRE((is_same || at::equal(result[i], images[i].flip({2}))));
    reversed += is_same ? 0 : 1;
  }
  BOOST_TEST(reversed > 600 - 5 * 20.5);  // binomial with SD 20.5
  BOOST_TEST(reversed < 600 + 5 * 20.5);
}

BOOST_AUTO_TEST_CASE(seed_decides) {
  const at::Tensor images = random_images(64, 3, 4, 4);
  BOOST_TEST(at::equal(flipped(images, "0.5", 7), flipped(images, "0.5", 7)));
  BOOST_TEST(!at::equal(flipped(images, "0.5", 7), flipped(images, "0.5", 8)));
}

BOOST_AUTO_TEST_CASE(empty_batch) {
  BOOST_TEST(flipped(random_images(0, 3, 4, 6), "0.5").sizes().vec() == (std::vector<int64_t>{0, 3, 4, 6}));
}

BOOST_AUTO_TEST_CASE(other_tensors_are_refused) {
  BOOST_CHECK_THROW(flipped(random_images(2, 3, 4, 4).to(at::kFloat), "1"), Error);
  BOOST_CHECK_THROW(flipped(random_images(2, 2, 4, 4), "1"), Error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
