// Softmax over choices and over edges against LibTorch's softmax of each group.
#include "dha/nas/candidate_groups.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

namespace {

using dha::Choice;
using namespace dha::nas;

// Of a node whose candidates stand operation by operation instead of input by input, and of a block with one input.
const std::vector<Choice> kChoices{
    {"node", {{"a", 0}, {"a", 1}, {"b", 0}, {"b", 1}, {"c", 1}}, 2, true},
    {"block", {{"x", 0}, {"y", 0}, {"z", 0}}, 1, false},
};
const std::vector<std::vector<int64_t>> kEdges{{0, 2}, {1, 3, 4}, {5, 6, 7}}, kWhole{{0, 1, 2, 3, 4}, {5, 6, 7}};

at::Tensor part(const at::Tensor& values, const std::vector<int64_t>& positions) {
  std::vector<at::Tensor> items;
  for (const int64_t position : positions) items.push_back(values.select(0, position));
  return at::stack(items);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

struct Scores {
  at::Tensor scores = at::randn({8}, at::detail::createCPUGenerator(3), at::TensorOptions(at::kDouble));
};

BOOST_FIXTURE_TEST_SUITE(candidate_groups, Scores)

BOOST_AUTO_TEST_CASE(softmax_is_that_of_each_group) {
  for (const bool is_by_edge : {true, false}) {
    const CandidateGroups groups(kChoices, is_by_edge ? Grouping::kEdge : Grouping::kChoice, at::kCPU);
    BOOST_TEST(groups.size() == 8);
    for (const double temperature : {1.0, 0.3}) {
      const at::Tensor found = groups.softmax(scores, temperature), logarithm = groups.log_softmax(scores, temperature);
      for (const auto& group : is_by_edge ? kEdges : kWhole) {
        const at::Tensor scaled = part(scores, group).div(temperature);
        BOOST_TEST(largest_difference(part(found, group), at::softmax(scaled, 0)) < 1e-14);
        BOOST_TEST(largest_difference(part(logarithm, group), at::log_softmax(scaled, 0)) < 1e-14);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(gradient_is_that_of_each_group) {
  const CandidateGroups groups(kChoices, Grouping::kEdge, at::kCPU);
  const at::Tensor leaf = scores.clone().requires_grad_(true), other = scores.clone().requires_grad_(true);
  groups.softmax(leaf, 0.7).sin().sum().backward();
  at::Tensor loss = at::softmax(part(other, kEdges[0]).div(0.7), 0).sin().sum();
  for (const size_t edge : {1, 2}) loss = loss.add(at::softmax(part(other, kEdges[edge]).div(0.7), 0).sin().sum());
  loss.backward();
  BOOST_TEST(largest_difference(leaf.grad(), other.grad()) < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_score_of_minus_infinity_takes_a_candidate_out) {
  const CandidateGroups groups(kChoices, Grouping::kEdge, at::kCPU);
  scores.select(0, 3).fill_(-std::numeric_limits<double>::infinity());
  const at::Tensor leaf = scores.clone().requires_grad_(true);
  const at::Tensor weights = groups.softmax(leaf);
  BOOST_TEST(weights[3].item<double>() == 0);
  BOOST_TEST(largest_difference(part(weights, {1, 4}), at::softmax(part(scores, {1, 4}), 0)) < 1e-14);
  weights.square().sum().backward();
  BOOST_TEST(leaf.grad()[3].item<double>() == 0);
  BOOST_TEST(leaf.grad().isfinite().all().item<bool>());
}

BOOST_AUTO_TEST_CASE(float_scores_keep_their_type) {
  const CandidateGroups groups(kChoices, Grouping::kChoice, at::kCPU);
  BOOST_TEST((groups.softmax(scores.to(at::kFloat)).scalar_type() == at::kFloat));
}

BOOST_AUTO_TEST_CASE(parts_of_choices_are_views_and_come_to_the_host) {
  const CandidateGroups groups(kChoices, Grouping::kEdge, at::kCPU);
  groups.of_choice(scores, 1).fill_(5);
  BOOST_TEST(scores.narrow(0, 5, 3).eq(5).all().item<bool>());
  const auto lists = groups.on_host(scores.to(at::kFloat));
  BOOST_TEST_REQUIRE(lists.size() == 2u);
  BOOST_TEST(lists[0].size() == 5u);
  BOOST_TEST(lists[1] == (std::vector<double>{5, 5, 5}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(groups.of_choice(scores, 2), std::out_of_range);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
