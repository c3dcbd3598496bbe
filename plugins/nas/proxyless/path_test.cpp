// Drawn paths against the probabilities that they have, and the gradient of scores against autograd.
#include "path.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "support/chi_square.hpp"
#include "support/error_checks.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::proxyless;
using test::toy_choice;

constexpr double kNever = -std::numeric_limits<double>::infinity();

at::Tensor tensor_of(const std::vector<double>& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

// Two inputs with three operations each.
const Choice kNode = toy_choice("node", 2, 3, 2, true), kBlock = toy_choice("block", 1, 5, 1, false);
const std::vector<double> kScores{0.3, -0.5, 1.2, 0.1, 0.7, -0.2};

BOOST_AUTO_TEST_SUITE(proxyless_path)

BOOST_AUTO_TEST_CASE(a_choice_of_one_is_drawn_from_its_softmax) {
  const std::vector<double> scores{0, 1, kNever, -1, 0.5};
  for (const Competition competition : {Competition::kAll, Competition::kTwo}) {
    at::Generator generator = at::detail::createCPUGenerator(4);
    std::vector<double> counts(5, 0);
    for (int i = 0; i < 4000; ++i) {
      const Path path = draw_path(kBlock, scores, competition, generator);
      BOOST_TEST_REQUIRE(path.size() == 1u);
      BOOST_TEST_REQUIRE(path[0].competitors.size() == (competition == Competition::kAll ? 4u : 2u));
      BOOST_TEST_REQUIRE(std::count(path[0].competitors.begin(), path[0].competitors.end(), path[0].drawn) == 1);
      ++counts[static_cast<size_t>(path[0].drawn)];
    }
    BOOST_TEST(counts[2] == 0);
    if (competition == Competition::kTwo) continue;
    double mass = 0, statistic = 0;
    for (const double score : scores) mass += std::exp(score);
    for (size_t k = 0; k < 5; ++k) {
      if (k == 2) continue;
      const double expected = 4000 * std::exp(scores[k]) / mass;
      statistic += (counts[k] - expected) * (counts[k] - expected) / expected;
    }
    BOOST_TEST(statistic < test::chi_square_limit(4));
  }
}

// The probability of a pair is that of both orders of its draws.
BOOST_AUTO_TEST_CASE(a_node_draws_one_after_another_from_distinct_inputs) {
  at::Generator generator = at::detail::createCPUGenerator(5);
  std::map<std::pair<int64_t, int64_t>, double> counts;
  for (int i = 0; i < 6000; ++i) {
    const std::vector<int64_t> kept = drawn(draw_path(kNode, kScores, Competition::kAll, generator));
    BOOST_TEST_REQUIRE((kept.size() == 2 && kept[0] < 3 && kept[1] >= 3));
    ++counts[{kept[0], kept[1]}];
  }
  const auto p = [](int64_t k) { return std::exp(kScores[static_cast<size_t>(k)]); };
  const double first = p(0) + p(1) + p(2), second = p(3) + p(4) + p(5);
  double statistic = 0;
  for (int64_t a = 0; a < 3; ++a)
    for (int64_t b = 3; b < 6; ++b) {
      const double probability = p(a) / (first + second) * p(b) / second + p(b) / (first + second) * p(a) / first;
      const double expected = 6000 * probability;
      statistic += std::pow(counts[{a, b}] - expected, 2) / expected;
    }
  BOOST_TEST(statistic < test::chi_square_limit(9));
}

BOOST_AUTO_TEST_CASE(competitors_are_drawn_or_rivals) {
  at::Generator generator = at::detail::createCPUGenerator(6);
  for (const Competition competition : {Competition::kAll, Competition::kTwo})
    for (int i = 0; i < 50; ++i) {
      const Path path = draw_path(kNode, kScores, competition, generator);
      const std::vector<int64_t> kept = drawn(path), others = rivals(path);
      std::set<int64_t> all(kept.begin(), kept.end());
      all.insert(others.begin(), others.end());
      BOOST_TEST(all.size() == kept.size() + others.size());
      if (competition == Competition::kAll) BOOST_TEST(all.size() == 6u);
      if (competition == Competition::kTwo) BOOST_TEST(all.size() <= 4u);
    }
}

// The loss is linear in the gates that the softmax stands for, so autograd gives the identity.
BOOST_AUTO_TEST_CASE(the_gradient_of_scores_is_that_of_a_softmax_per_draw) {
  const std::vector<double> of_gates{0.5, -1, 2, 0.25, 3, -0.75};
  at::Generator generator = at::detail::createCPUGenerator(7);
  for (const Competition competition : {Competition::kAll, Competition::kTwo})
    for (int i = 0; i < 20; ++i) {
      const Path path = draw_path(kNode, kScores, competition, generator);
      const at::Tensor scores = tensor_of(kScores).requires_grad_(true), weights = tensor_of(of_gates);
      at::Tensor loss = at::zeros({}, at::kDouble);
      for (const Draw& draw : path) {
        std::vector<at::Tensor> competing, gates;
        for (const int64_t k : draw.competitors) {
          competing.push_back(scores[k]);
          gates.push_back(weights[k]);
        }
        loss = loss + at::softmax(at::stack(competing), 0).mul(at::stack(gates)).sum();
      }
      loss.backward();
      const at::Tensor found = tensor_of(score_gradient(path, kScores, of_gates));
      BOOST_TEST(found.sub(scores.grad()).abs().max().item<double>() < 1e-14);
    }
}

// With one draw over all candidates it is the identity as published, term by term.
BOOST_AUTO_TEST_CASE(the_published_identity_holds) {
  const std::vector<double> scores{0.3, -0.5, 1.2, 0.1, 0.7}, of_gates{0.5, -1, 2, 0.25, 3};
  const Path path = draw_path(kBlock, scores, Competition::kAll, at::detail::createCPUGenerator(8));
  const std::vector<double> found = score_gradient(path, scores, of_gates);
  double mass = 0;
  for (const double score : scores) mass += std::exp(score);
  for (size_t i = 0; i < 5; ++i) {
    double expected = 0;
    for (size_t j = 0; j < 5; ++j)
      expected += of_gates[j] * std::exp(scores[j]) / mass * ((i == j ? 1 : 0) - std::exp(scores[i]) / mass);
    BOOST_TEST(std::abs(found[i] - expected) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(the_mass_of_two_paths_is_kept) {
  const Path path{{{1, 3}, 3}};
  const std::vector<double> before{0.3, -0.5, 1.2, 0.1};
  std::vector<double> scores{0.3, -0.4, 1.2, 0.5};
  keep_mass(path, before, scores);
  BOOST_TEST(scores[0] == 0.3);
  BOOST_TEST(scores[2] == 1.2);
  BOOST_TEST(std::exp(scores[1]) + std::exp(scores[3]) == std::exp(-0.5) + std::exp(0.1),
             boost::test_tools::tolerance(1e-14));
  BOOST_TEST(scores[3] - scores[1] == 0.9, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_drawn_is_an_error) {
  at::Generator generator = at::detail::createCPUGenerator(1);
  const std::vector<double> one_input{0, 0, 0, kNever, kNever, kNever}, broken{0, 0, std::nan(""), 0, 0, 0};
  BOOST_CHECK_EXCEPTION(draw_path(kNode, one_input, Competition::kAll, generator), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'node' keeps 2", "only 1 of distinct inputs"));
  BOOST_CHECK_EXCEPTION(draw_path(kNode, broken, Competition::kAll, generator), Error,
                        test::error_with(ErrorCode::kDiverged, "'op2' in choice 'node'"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
