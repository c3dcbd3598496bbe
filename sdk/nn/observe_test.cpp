// Gate gradients of candidates that are not executed, in full and in half precision.
#include "dha/nn/observe.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "nn_testing.hpp"

namespace dha::nn {
namespace {

// Autocast on the CPU for the life of the object.
class Bf16 {
 public:
  Bf16() { set(true); }
  ~Bf16() {
    set(false);
    at::autocast::clear_cache();
  }

 private:
  static void set(bool on) {
    at::autocast::set_autocast_enabled(at::kCPU, on);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  }
};

const Layers kLayers{relu(), convolution("conv", 4, 4, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", 4)};

std::shared_ptr<const Block> candidate_block(at::ScalarType type, uint64_t seed) {
  return std::make_shared<const Block>(built({"b" + std::to_string(seed), kLayers}, type, seed));
}

ObservedCandidate observed(int64_t position, size_t input, std::shared_ptr<const Block> block) {
  return {position, input, [block = std::move(block)](Features& x) { return block->run(x, {true, false}); }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(observe_candidates)

// <dL/dy, candidate's output> is the gradient of a gate of 0 in front of the candidate.
BOOST_AUTO_TEST_CASE(gradients_are_those_of_gates_of_zero) {
  const std::vector<Features> inputs{Features(random_tensor({3, 4, 5, 5})),
                                     Features(random_tensor({3, 4, 5, 5}, at::kDouble, 6))};
  const auto first = candidate_block(at::kDouble, 1), second = candidate_block(at::kDouble, 2);
  const at::Tensor leaf = random_tensor({3, 4, 5, 5}, at::kDouble, 8).requires_grad_(true);
  const at::Tensor directions = random_tensor({3, 4, 5, 5}, at::kDouble, 9);
  const auto loss_of = [&](const at::Tensor& y) { return y.mul(y).mul(directions).sum(); };

  const at::Tensor gates = at::zeros({2}, at::kDouble).set_requires_grad(true);
  const at::Tensor executed = leaf + run(*first, inputs[1].value(), {true, false}) * gates[0] +
                              run(*second, inputs[0].value(), {true, false}) * gates[1];
  loss_of(executed).backward();

  const at::Tensor gradients = at::zeros({3}, at::kDouble);
  const at::Tensor output = leaf * 1;
  observe(output, inputs, {observed(2, 1, first), observed(0, 0, second)}, gradients);
  BOOST_TEST(gradients.eq(0).all().item<bool>());
  loss_of(output).backward();
  BOOST_TEST(relative_distance(gradients[2], gates.grad()[0]) < 1e-12);
  BOOST_TEST(relative_distance(gradients[0], gates.grad()[1]) < 1e-12);
  BOOST_TEST(gradients[1].item<double>() == 0);
}

BOOST_AUTO_TEST_CASE(candidates_run_under_the_autocast_of_the_forward_pass) {
  const at::Tensor x = random_tensor({3, 4, 5, 5}, at::kFloat), directions = random_tensor({3, 4, 5, 5}, at::kFloat, 9);
  const auto block = candidate_block(at::kFloat, 1);
  const at::Tensor leaf = random_tensor({3, 4, 5, 5}, at::kBFloat16, 8).requires_grad_(true);
  const at::Tensor gradients = at::zeros({1}, at::kFloat);
  at::Tensor output, in_half;
  {
    const Bf16 autocast;
    output = leaf * 1;
    observe(output, {Features(x)}, {observed(0, 0, block)}, gradients);
    const at::NoGradGuard no_grad;
    in_half = run(*block, x, {true, false});
  }
  BOOST_TEST_REQUIRE((in_half.scalar_type() == at::kBFloat16));
  output.to(at::kFloat).mul(directions).sum().backward();
  // The gradient reaches the output in its type.
  const at::Tensor expected = in_half.to(at::kFloat).mul(directions.to(at::kBFloat16).to(at::kFloat)).sum();
  BOOST_TEST(relative_distance(gradients[0], expected) < 1e-5);
  BOOST_TEST(!at::autocast::is_autocast_enabled(at::kCPU));
  BOOST_TEST(at::autocast::is_autocast_cache_enabled());
}

// A backward pass within autocast, of a forward pass without it.
BOOST_AUTO_TEST_CASE(candidates_run_without_autocast_where_the_forward_pass_did) {
  const at::Tensor x = random_tensor({3, 4, 5, 5}, at::kFloat);
  const auto block = candidate_block(at::kFloat, 1);
  const at::Tensor leaf = random_tensor({3, 4, 5, 5}, at::kFloat, 8).requires_grad_(true);
  const at::Tensor gradients = at::zeros({1}, at::kFloat);
  at::ScalarType found = at::kHalf;
  const at::Tensor output = leaf * 1;
  observe(output, {Features(x)},
          {{0, 0,
            [&](Features& input) {
              const at::Tensor y = block->run(input, {true, false});
              found = y.scalar_type();
              return y;
            }}},
          gradients);
  const Bf16 autocast;
  output.sum().backward();
  BOOST_TEST((found == at::kFloat));
  BOOST_TEST(at::autocast::is_autocast_enabled(at::kCPU));
}

// 256 products of 200 * 100 are beyond the largest number of fp16, 65504.
BOOST_AUTO_TEST_CASE(half_types_are_summed_in_float) {
  const at::Tensor leaf = at::full({256}, 1.0, at::kHalf).requires_grad_(true);
  const at::Tensor gradients = at::zeros({1}, at::kFloat);
  const at::Tensor output = leaf * 1;
  observe(output, {Features(leaf)}, {{0, 0, [](Features& x) { return x.value() * 200; }}}, gradients);
  output.to(at::kFloat).mul(100).sum().backward();
  BOOST_TEST(gradients[0].item<float>() == 256 * 200 * 100);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
