// Loss scaling: gradients come back as they would be without it, and what is not finite is taken out.
#include "model/loss_scale.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

namespace {

using dha::LossScale;

double factor_of(const LossScale& scale) { return scale.tensors().at(0).item<double>(); }
int64_t sound_passes(const LossScale& scale) { return scale.tensors().at(1).item<int64_t>(); }

BOOST_AUTO_TEST_SUITE(loss_scale)

BOOST_AUTO_TEST_CASE(precisions_with_a_wide_range_are_left_alone) {
  for (const char* precision : {"fp32", "bf16", "fp64"}) {
    LossScale scale(precision, at::kCPU);
    at::Tensor weight = at::tensor({3.0}).requires_grad_();
    scale.scaled((weight * weight).sum()).backward();
    const at::Tensor infinite = at::full({1}, std::numeric_limits<double>::infinity());
    scale.unscale({weight.grad(), infinite}, true);
    BOOST_TEST(weight.grad().item<double>() == 6);
    BOOST_TEST(infinite.item<double>() == std::numeric_limits<double>::infinity());
    BOOST_TEST(scale.tensors().empty());
  }
}

BOOST_AUTO_TEST_CASE(gradients_come_back_unscaled) {
  LossScale scale("fp16", at::kCPU);
  at::Tensor weight = at::tensor({3.0, -0.5}).requires_grad_();
  scale.scaled((weight * weight).sum()).backward();
  BOOST_TEST(weight.grad()[0].item<double>() == 6 * 65536.0);
  scale.unscale({at::Tensor(), weight.grad()}, true);
  BOOST_TEST(weight.grad()[0].item<double>() == 6);
  BOOST_TEST(weight.grad()[1].item<double>() == -1);
  BOOST_TEST(sound_passes(scale) == 1);
}

// 6e-8 is about the smallest number of fp16; a thousandth of it is lost, unless it is scaled.
BOOST_AUTO_TEST_CASE(a_gradient_below_the_range_of_fp16_survives) {
  LossScale scale("fp16", at::kCPU);
  at::Tensor weight = at::tensor({1.0}, at::kFloat).requires_grad_();
  scale.scaled((weight.to(at::kHalf) * at::full({1}, 6e-10, at::kFloat)).sum()).backward();
  scale.unscale({weight.grad()}, true);
  BOOST_TEST(weight.grad().item<double>() == 6e-10, boost::test_tools::tolerance(1e-2));
}

BOOST_AUTO_TEST_CASE(a_pass_with_a_gradient_that_is_not_finite_teaches_nothing_and_halves_the_factor) {
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    LossScale scale("fp16", at::kCPU);
    const at::Tensor sound = at::full({2}, 65536.0), unsound = at::tensor({1.0, bad});
    scale.unscale({sound, unsound}, true);
    BOOST_TEST(sound.abs().sum().item<double>() == 0);
    BOOST_TEST(unsound.abs().sum().item<double>() == 0);
    BOOST_TEST(factor_of(scale) == 32768);
    BOOST_TEST(sound_passes(scale) == 0);
  }
}

BOOST_AUTO_TEST_CASE(the_factor_doubles_after_two_thousand_sound_passes) {
  LossScale scale("fp16", at::kCPU);
  for (int i = 0; i < 1999; ++i) scale.unscale({at::zeros({1})}, true);
  BOOST_TEST(factor_of(scale) == 65536);
  LossScale resumed("fp16", at::kCPU);
  resumed.restore(scale.tensors());
  resumed.unscale({at::zeros({1})}, true);
  BOOST_TEST(factor_of(resumed) == 131072);
  BOOST_TEST(sound_passes(resumed) == 0);
}

BOOST_AUTO_TEST_CASE(passes_for_evaluation_leave_the_factor_alone) {
  LossScale scale("fp16", at::kCPU);
  const at::Tensor unsound = at::full({1}, std::numeric_limits<double>::infinity());
  scale.unscale({unsound}, false);
  scale.unscale({at::zeros({1})}, false);
  BOOST_TEST(unsound.item<double>() == 0);
  BOOST_TEST(factor_of(scale) == 65536);
  BOOST_TEST(sound_passes(scale) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
