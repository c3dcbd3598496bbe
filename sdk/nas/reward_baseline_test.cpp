// The baseline of REINFORCE against its closed form.
#include "dha/nas/reward_baseline.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "support/error_checks.hpp"

namespace {

using dha::nas::RewardBaseline;

BOOST_AUTO_TEST_SUITE(reward_baseline)

// Of a constant reward r the baseline is r (1 - decay^n) after n rewards, the advantage r decay^n.
BOOST_AUTO_TEST_CASE(approaches_a_constant_reward_as_its_closed_form_says) {
  RewardBaseline baseline(0.99, at::kCPU);
  for (int n = 1; n <= 200; ++n) {
    const at::Tensor advantage = baseline.advantage(at::scalar_tensor(0.75).requires_grad_(true));
    BOOST_TEST(!advantage.requires_grad());
    BOOST_TEST(std::fabs(advantage.item<double>() - 0.75 * std::pow(0.99, n)) < 1e-12);
  }
  BOOST_TEST(std::fabs(baseline.value().item<double>() - 0.75 * (1 - std::pow(0.99, 200))) < 1e-12);
}

// 0.5, 0.5 * 0.5 + 0.5 * 3 = 1.75 by hand.
BOOST_AUTO_TEST_CASE(the_new_baseline_is_subtracted) {
  RewardBaseline baseline(0.5, at::kCPU);
  BOOST_TEST(baseline.advantage(at::scalar_tensor(1.0)).item<double>() == 0.5);
  BOOST_TEST(baseline.advantage(at::scalar_tensor(3.0)).item<double>() == 1.25);
}

BOOST_AUTO_TEST_CASE(continues_from_its_state) {
  RewardBaseline baseline(0.5, at::kCPU), other(0.5, at::kCPU);
  baseline.advantage(at::scalar_tensor(1.0));
  dha::State state;
  baseline.save("baseline", state);
  other.restore("baseline", state);
  BOOST_TEST(other.advantage(at::scalar_tensor(3.0)).item<double>() == 1.25);
  BOOST_TEST(baseline.value().item<double>() == 0.5);  // restore() copied
  state.tensors["baseline"] = at::zeros({1}, at::kDouble);
  BOOST_CHECK_EXCEPTION(other.restore("baseline", state), dha::Error,
                        dha::test::error_with(dha::ErrorCode::kInvalidParameter, "'baseline' has the shape (1)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
