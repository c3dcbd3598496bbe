// Masks of drop path: their values, shares and independence.
#include "dha/nn/drop_path.hpp"

#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "nn_testing.hpp"

namespace dha::nn {

BOOST_AUTO_TEST_SUITE(drop_path)

BOOST_AUTO_TEST_CASE(samples_are_dropped_or_scaled_as_a_whole) {
  constexpr int64_t kBatch = 8000;
  const at::Tensor images = random_tensor({kBatch, 3, 1, 1}, at::kFloat);
  DropPath drop_path(0.25, 2, images, at::detail::createCPUGenerator(3));
  at::Tensor first = at::ones({kBatch, 2, 2, 1}), second = at::ones({kBatch, 5, 1, 1});
  drop_path.apply(first);
  drop_path.apply(second);
  const at::Tensor kept = first.select(1, 0).select(1, 0).select(1, 0);
  BOOST_TEST(first.equal(kept.reshape({kBatch, 1, 1, 1}).expand_as(first)));
  const float scale = 1 / 0.75F;
  BOOST_TEST(kept.eq(0).logical_or(kept.eq(scale)).all().item<bool>());
  // Standard deviation of the mean of 8000 samples is 0.0065.
  BOOST_TEST(std::abs(kept.mean().item<double>() - 1) < 0.03);
  const at::Tensor other = second.select(1, 0).reshape({kBatch});
  BOOST_TEST(std::abs(kept.mul(other).mean().item<double>() - 1) < 0.05);  // independent: E[ab] = E[a] E[b]
}

BOOST_AUTO_TEST_CASE(without_a_probability_nothing_is_drawn_or_changed) {
  const auto generator = at::detail::createCPUGenerator(3), untouched = at::detail::createCPUGenerator(3);
  const at::Tensor images = random_tensor({4, 3, 2, 2});
  DropPath none, zero(0, 2, images, generator);
  at::Tensor x = images.clone();
  none.apply(x);
  zero.apply(x);
  BOOST_TEST(x.equal(images));
  BOOST_TEST(generator.get_state().equal(untouched.get_state()));
}

BOOST_AUTO_TEST_CASE(masks_take_the_type_of_what_they_mask) {
  DropPath drop_path(0.5, 1, random_tensor({4, 3, 2, 2}, at::kFloat), at::detail::createCPUGenerator(3));
  at::Tensor x = at::ones({4, 2, 1, 1}, at::kBFloat16);
  drop_path.apply(x);
  BOOST_TEST((x.scalar_type() == at::kBFloat16));
  BOOST_TEST(x.eq(0).logical_or(x.eq(2)).all().item<bool>());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
