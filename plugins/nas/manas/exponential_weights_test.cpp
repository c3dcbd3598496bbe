// The estimate of losses, the policy behind it, and the regret that it is bounded by.
#include "exponential_weights.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "dha/error.hpp"
#include "support/error_checks.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::manas;

// Losses of three agents with four actions each, which add up to a loss in [0, 1].
const ActionValues kLosses = {{0.3, 0.05, 0.25, 0.3}, {0, 0.33, 0.3, 0.2}, {0.3, 0.33, 0.2, 0.02}};

int64_t draw(const std::vector<double>& policy, std::mt19937_64& random) {
  return std::discrete_distribution<int64_t>(policy.begin(), policy.end())(random);
}

// The regret per round of the policies, summed over agents: their expected loss less that of the best actions.
double mean_regret(int64_t rounds, uint64_t seed) {
  std::mt19937_64 random(seed);
  ActionValues estimates(3, std::vector<double>(4)), policy(3, std::vector<double>(4, 0.25));
  const double eta = exploring_rate(4, rounds);
  double regret = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    Actions actions;
    double loss = 0;
    for (size_t agent = 0; agent < 3; ++agent) {
      actions.push_back(draw(policy[agent], random));
      loss += kLosses[agent][static_cast<size_t>(actions.back())];
      for (size_t action = 0; action < 4; ++action) regret += policy[agent][action] * kLosses[agent][action];
      regret -= *std::min_element(kLosses[agent].begin(), kLosses[agent].end());
    }
    add_loss(estimates, policy, actions, loss);
    for (size_t agent = 0; agent < 3; ++agent) policy[agent] = exponential_policy(estimates[agent], eta, 700);
  }
  return regret / static_cast<double>(rounds);
}

BOOST_AUTO_TEST_SUITE(exponential_weights)

BOOST_AUTO_TEST_CASE(estimates_are_right_on_average) {
  const std::vector<double> policy = {0.1, 0.2, 0.7}, losses = {3, 1, 2};
  std::vector<double> mean(3);
  for (size_t drawn = 0; drawn < 3; ++drawn) {
    ActionValues estimates = {{0, 0, 0}};
    add_loss(estimates, {policy}, {static_cast<int64_t>(drawn)}, losses[drawn]);
    for (size_t action = 0; action < 3; ++action) mean[action] += policy[drawn] * estimates[0][action];
  }
  for (size_t action = 0; action < 3; ++action) BOOST_TEST(std::abs(mean[action] - losses[action]) < 1e-15);
}

BOOST_AUTO_TEST_CASE(the_policy_is_a_softmax_with_bounded_exponents) {
  const std::vector<double> free = exponential_policy({1001, 1003, 1000}, 0.5, 5);
  const double sum = std::exp(-0.5) + std::exp(-1.5) + 1;
  BOOST_TEST(std::abs(free[0] - std::exp(-0.5) / sum) < 1e-15);
  BOOST_TEST(std::abs(free[1] - std::exp(-1.5) / sum) < 1e-15);
  BOOST_TEST(std::abs(free[2] - 1 / sum) < 1e-15);

  const std::vector<double> bounded = exponential_policy({10, 30, 0}, 0.5, 5);
  BOOST_TEST(std::abs(std::log(bounded[2] / bounded[1]) - 5) < 1e-12);
  BOOST_TEST(std::abs(std::log(bounded[2] / bounded[0]) - 5.0 / 3) < 1e-12);
  for (const double probability : exponential_policy({7, 7}, 1, 5)) BOOST_TEST(probability == 0.5);
}

// The mean over fixed seeds, per agent, compared with sqrt(2 K ln K / T) (Bubeck and Cesa-Bianchi, 2012, theorem 3.1).
BOOST_AUTO_TEST_CASE(regret_falls_as_its_bound_does) {
  double uniform = 0;
  for (const std::vector<double>& losses : kLosses)
    for (const double loss : losses)
      uniform += (loss - *std::min_element(losses.begin(), losses.end())) / static_cast<double>(losses.size());
  double last = uniform;
  for (const int64_t rounds : {400, 2000, 10000, 50000}) {
    constexpr uint64_t kSeeds = 20;
    double mean = 0;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) mean += mean_regret(rounds, seed) / kSeeds;
    const double bound = 3 * std::sqrt(2 * 4 * std::log(4.0) / static_cast<double>(rounds));
    BOOST_TEST(mean < bound, mean << " after " << rounds << " rounds, expected less than " << bound);
    BOOST_TEST(mean < last, mean << " after " << rounds << " rounds, expected less than " << last);
    last = mean;
  }
  BOOST_TEST(last < uniform / 6, last << " of " << uniform);
}

BOOST_AUTO_TEST_CASE(edges_are_the_inputs_of_choices) {
  const std::vector<Choice> choices = {test::toy_choice("a", 2, 3, 2, true), test::toy_choice("b", 1, 2, 1, false)};
  const std::vector<Edge> edges = edges_of(choices);
  BOOST_TEST_REQUIRE(edges.size() == 3U);
  BOOST_TEST((edges[1].choice == 0U && edges[1].input == 1));
  BOOST_TEST((edges[1].candidates == std::vector<int64_t>{3, 4, 5}));
  BOOST_TEST((edges[2].candidates == std::vector<int64_t>{0, 1}));
  const ActionValues values = unflattened({1, 2, 3, 4, 5, 6, 7, 8}, zeros(edges));
  BOOST_TEST((values == ActionValues{{1, 2, 3}, {4, 5, 6}, {7, 8}}));
  BOOST_TEST((flattened(values) == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}));
  BOOST_CHECK_EXCEPTION(edges_of({test::toy_choice("a", 1, 3, 2, false)}), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'a'", "keeps 2", "1 inputs"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
