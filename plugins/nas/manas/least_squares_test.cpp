// The fitted model against the pseudo-inverse and against losses that are additive, and Zipf's law.
#include "least_squares.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_pinv.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "dha/error.hpp"
#include "dha/nas/state.hpp"
#include "support/error_checks.hpp"

namespace {

using namespace dha;
using namespace dha::manas;

const ActionValues kShape = {{0, 0, 0}, {0, 0}, {0, 0, 0, 0}};

struct Rounds {
  std::vector<Actions> actions;
  std::vector<double> losses;
};

Rounds random_rounds(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Rounds rounds;
  for (size_t i = 0; i < count; ++i) {
    Actions actions;
    for (const std::vector<double>& edge : kShape)
      actions.push_back(std::uniform_int_distribution<int64_t>(0, static_cast<int64_t>(edge.size()) - 1)(random));
    rounds.actions.push_back(actions);
    rounds.losses.push_back(2 + std::uniform_real_distribution<double>(-1, 1)(random));
  }
  return rounds;
}

// One row per round, centred, filled element by element.
at::Tensor centred_features(const std::vector<Actions>& actions) {
  at::Tensor features = at::zeros({static_cast<int64_t>(actions.size()), 9}, at::kDouble);
  const int64_t starts[] = {0, 3, 5};
  for (size_t i = 0; i < actions.size(); ++i)
    for (size_t edge = 0; edge < 3; ++edge)
      features.select(0, static_cast<int64_t>(i)).select(0, starts[edge] + actions[i][edge]).fill_(1);
  return features - features.mean(0);
}

BOOST_AUTO_TEST_SUITE(least_squares)

BOOST_AUTO_TEST_CASE(coefficients_are_those_of_the_pseudo_inverse) {
  for (const size_t count : {1, 4, 60}) {
    const Rounds rounds = random_rounds(count, count);
    const at::Tensor target = nas::as_tensor(rounds.losses);
    const at::Tensor expected = at::matmul(at::linalg_pinv(centred_features(rounds.actions)), target - target.mean());
    const at::Tensor found = nas::as_tensor(flattened(fit(rounds.actions, rounds.losses, kShape)));
    BOOST_TEST(found.sub(expected).abs().max().item<double>() < 1e-10, count << " rounds");
  }
}

BOOST_AUTO_TEST_CASE(additive_losses_are_recovered_and_actions_never_taken_are_average) {
  const ActionValues table = {{0.5, 0.1, 0.2}, {0.7, 0.4}, {0.3, 0.2, 0.6, 0.9}};
  Rounds rounds = random_rounds(60, 1);
  for (size_t i = 0; i < rounds.losses.size(); ++i) {
    int64_t& last = rounds.actions[i][2];
    last = last == 3 ? 0 : last;
    rounds.losses[i] = 0;
    for (size_t edge = 0; edge < 3; ++edge)
      rounds.losses[i] += table[edge][static_cast<size_t>(rounds.actions[i][edge])];
  }
  const ActionValues found = fit(rounds.actions, rounds.losses, kShape);
  for (size_t edge = 0; edge < 3; ++edge)
    for (size_t action = 0; action < (edge == 2 ? 3 : table[edge].size()); ++action)
      BOOST_TEST(std::abs(found[edge][action] - found[edge][0] - table[edge][action] + table[edge][0]) < 1e-10);
  BOOST_TEST(found[2][3] == 0);
}

BOOST_AUTO_TEST_CASE(zipf_goes_by_rank) {
  const double harmonic = 1 + 0.5 + 1.0 / 3 + 0.25;
  const std::vector<double> policy = zipf_policy({0.2, -5, 0.2, 0.1});
  const std::vector<double> expected = {1 / (3 * harmonic), 1 / harmonic, 1 / (4 * harmonic), 1 / (2 * harmonic)};
  for (size_t action = 0; action < 4; ++action) BOOST_TEST(std::abs(policy[action] - expected[action]) < 1e-15);
}

BOOST_AUTO_TEST_CASE(losses_that_are_not_finite_are_refused) {
  Rounds rounds = random_rounds(3, 1);
  rounds.losses[1] = std::numeric_limits<double>::quiet_NaN();
  BOOST_CHECK_EXCEPTION(fit(rounds.actions, rounds.losses, kShape), Error, test::error_with(ErrorCode::kDiverged));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
