// Softmax weights of open candidates, their gradient against autograd of each edge, closed candidates, state.
#include "dha/nas/mixed_operations.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "support/error_checks.hpp"

namespace {

using dha::Choice;
using dha::ErrorCode;
using namespace dha::nas;
using dha::test::error_with;
using Lists = std::vector<std::vector<int64_t>>;

// A node of two inputs and a block of one.
const std::vector<Choice> kChoices{
    {"node", {{"a", 0}, {"b", 0}, {"c", 0}, {"a", 1}, {"b", 1}, {"c", 1}}, 2, true},
    {"block", {{"x", 0}, {"y", 0}, {"z", 0}}, 1, false},
};
const Lists kOpen{{0, 2, 3, 4, 5}, {1, 2}};

struct Mixed {
  MixedOperations mixed{kChoices, {0.1, 0.5, 0.99, 0.1, 1e-8}, at::kCPU};
  Mixed() { mixed.draw(1.0, at::detail::createCPUGenerator(2)); }
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

at::Tensor part(const at::Tensor& values, const std::vector<int64_t>& positions) {
  std::vector<at::Tensor> items;
  for (const int64_t position : positions) items.push_back(values.select(0, position));
  return at::stack(items);
}

BOOST_FIXTURE_TEST_SUITE(mixed_operations, Mixed)

BOOST_AUTO_TEST_CASE(gates_are_the_softmax_of_each_edge) {
  const at::Tensor& alpha = mixed.variables();
  const dha::Gates gates = mixed.gates();
  BOOST_TEST(!gates.needs_gradient);
  BOOST_TEST_REQUIRE(gates.choices.size() == 2u);
  BOOST_TEST(gates.choices[0].active == (std::vector<int64_t>{0, 1, 2, 3, 4, 5}), boost::test_tools::per_element());
  const at::Tensor node = at::cat({at::softmax(alpha.narrow(0, 0, 3), 0), at::softmax(alpha.narrow(0, 3, 3), 0)});
  BOOST_TEST(largest_difference(gates.choices[0].weights, node) < 1e-15);
  BOOST_TEST(largest_difference(gates.choices[1].weights, at::softmax(alpha.narrow(0, 6, 3), 0)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(closed_candidates_take_no_part) {
  mixed.keep_only(kOpen);
  const at::Tensor& alpha = mixed.variables();
  const dha::Gates gates = mixed.gates();
  BOOST_TEST(gates.choices[0].active == kOpen[0], boost::test_tools::per_element());
  BOOST_TEST(gates.choices[1].active == kOpen[1], boost::test_tools::per_element());
  const at::Tensor node = at::cat({at::softmax(part(alpha, {0, 2}), 0), at::softmax(part(alpha, {3, 4, 5}), 0)});
  BOOST_TEST(largest_difference(gates.choices[0].weights, node) < 1e-15);
  const Strengths strengths = mixed.strengths();
  BOOST_TEST(strengths[0][1] == -std::numeric_limits<double>::infinity());
  BOOST_TEST(strengths[1][2] == gates.choices[1].weights[1].item<double>());
  BOOST_TEST(mixed.probabilities()[1].item<double>() == 0);
}

BOOST_AUTO_TEST_CASE(gradients_pass_the_softmax_of_each_edge) {
  for (const bool closes : {false, true}) {
    if (closes) mixed.keep_only(kOpen);
    const std::vector<int64_t> edges[] = {closes ? std::vector<int64_t>{0, 2} : std::vector<int64_t>{0, 1, 2},
                                          {3, 4, 5},
                                          closes ? std::vector<int64_t>{7, 8} : std::vector<int64_t>{6, 7, 8}};
    const dha::Gates gates = mixed.gates();
    std::vector<at::Tensor> of_gates;
    for (const dha::ChoiceGates& choice : gates.choices) of_gates.push_back(choice.weights.mul(2).cos().mul(2));
    const at::Tensor leaf = mixed.variables().clone().requires_grad_(true);
    at::Tensor loss = at::zeros({}, at::kDouble);
    for (const auto& edge : edges) loss = loss + at::softmax(part(leaf, edge), 0).mul(2).sin().sum();
    loss.backward();
    BOOST_TEST(largest_difference(mixed.gradient(of_gates), leaf.grad()) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(a_step_is_adam_on_the_open_variables) {
  mixed.keep_only(kOpen);
  const at::Tensor before = mixed.variables().clone();
  at::Tensor expected = before.clone();
  Adam adam({0.1, 0.5, 0.99, 0.1, 1e-8});
  adam.reset(expected);
  for (int i = 1; i <= 3; ++i) {
    const at::Tensor gradient = at::linspace(-i, 1, 9, at::kDouble);
    adam.step(expected, gradient);
    mixed.step(gradient);
  }
  for (const int64_t k : {1, 6}) BOOST_TEST(mixed.variables()[k].item<double>() == before[k].item<double>());
  for (const int64_t k : {0, 2, 3, 4, 5, 7, 8})
    BOOST_TEST(mixed.variables()[k].item<double>() == expected[k].item<double>());
}

BOOST_AUTO_TEST_CASE(entropy_is_the_mean_over_edges) {
  MixedOperations uniform(kChoices, {}, at::kCPU);
  BOOST_TEST(std::abs(uniform.entropy().item<double>() - std::log(3)) < 1e-14);
  uniform.keep_only({{0, 3, 4, 5}, {1, 2}});
  BOOST_TEST(std::abs(uniform.entropy().item<double>() - (std::log(3) + std::log(2)) / 3) < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_restored_object_continues_alike) {
  mixed.step(at::linspace(-1, 1, 9, at::kDouble));
  dha::State state;
  mixed.save(state);
  MixedOperations other(kChoices, {0.1, 0.5, 0.99, 0.1, 1e-8}, at::kCPU);
  other.restore(state);
  for (MixedOperations* one : {&mixed, &other}) one->step(at::linspace(2, 1, 9, at::kDouble));
  BOOST_TEST(other.variables().equal(mixed.variables()));
  state.tensors.erase("alpha");
  BOOST_CHECK_EXCEPTION(other.restore(state), dha::Error, error_with(ErrorCode::kInvalidParameter, "'alpha'"));
}

BOOST_AUTO_TEST_CASE(lists_and_gradients_that_do_not_fit_are_refused) {
  const auto is_refused = [&](const Lists& open, const char* part) {
    BOOST_CHECK_EXCEPTION(mixed.keep_only(open), dha::Error, error_with(ErrorCode::kInvalidParameter, part));
  };
  is_refused({{0, 3}}, "1 choices");
  is_refused({{0, 3}, {}}, "'block'");
  is_refused({{3, 0}, {0}}, "'node' must be ascending");
  is_refused({{0, 6}, {0}}, "below 6");
  is_refused({{0, 1, 2}, {0}}, "no open candidate from input 1");
  BOOST_TEST(mixed.open()[0].size() == 6u);
  const at::Tensor three = at::zeros({3}, at::kDouble);
  BOOST_CHECK_EXCEPTION(mixed.gradient({three, three}), dha::Error,
                        error_with(ErrorCode::kContractViolation, "'node'", "6 values"));
  BOOST_CHECK_EXCEPTION(mixed.gradient({three}), dha::Error,
                        error_with(ErrorCode::kContractViolation, "1 choices, expected 2"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
