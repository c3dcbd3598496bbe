// Counts of layers: by hand, and as built and run.
#include "dha/nn/cost.hpp"

#include <boost/test/unit_test.hpp>

#include "nn_testing.hpp"

namespace dha::nn {
namespace {

struct Case {
  const char* name;
  Layer layer;
  Pair size_after;
  int64_t parameters, multiply_adds;
};

// For an input of 8 channels and 7 x 10 px.
const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"relu", relu(), {7, 10}, 0, 0},
      {"relu6", relu6(), {7, 10}, 0, 0},
      {"3x3", convolution("c", 8, 12, {3, 3}, {1, 1}, {1, 1}), {7, 10}, 864, 864 * 70},
      {"1x7, stride 2", convolution("c", 8, 4, {1, 7}, {1, 2}, {0, 3}), {7, 5}, 224, 224 * 35},
      {"depthwise, stride 2", depthwise("d", 8, 5, 2), {4, 5}, 200, 200 * 20},
      {"dilated", depthwise("d", 8, 3, 1, 2), {7, 10}, 72, 72 * 70},
      {"reduce", factorized_reduce("r", 8, 9), {4, 5}, 72, 72 * 20},
      {"norm", batch_norm("n", 8), {7, 10}, 16, 0},
      {"norm without weights", batch_norm("n", 8, false), {7, 10}, 0, 0},
      {"max pool", max_pool({3, 3}, {2, 2}, {1, 1}), {4, 5}, 0, 0},
      {"average pool", average_pool({5, 5}, {1, 3}), {3, 2}, 0, 0},
      {"global pool", global_average_pool(), {1, 1}, 0, 0},
      {"widen", widen(8, 14, 2), {4, 5}, 0, 0},
      {"linear", linear("l", 560, 3), {7, 10}, 1683, 1680},
  };
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cost)

BOOST_AUTO_TEST_CASE(layers_cost_what_they_should) {
  for (const Case& one : cases()) {
    BOOST_TEST_CONTEXT(one.name) {
      BOOST_TEST(size_after(one.layer, {7, 10}) == one.size_after, boost::test_tools::per_element());
      BOOST_TEST(parameters({one.layer}) == one.parameters);
      BOOST_TEST(multiply_adds({one.layer}, {7, 10}) == one.multiply_adds);
    }
  }
}

BOOST_AUTO_TEST_CASE(built_layers_have_the_counted_weights_and_sizes) {
  const at::Tensor x = random_tensor({2, 8, 7, 10});
  for (const Case& one : cases()) {
    BOOST_TEST_CONTEXT(one.name) {
      const Block block = built({"block", {one.layer}});
      int64_t weights = 0;
      for (const NamedTensor& parameter : parameters_of(block)) weights += parameter.tensor.numel();
      BOOST_TEST(weights == one.parameters);
      const at::Tensor y = run(block, x, {true, true});
      if (y.dim() != 4) continue;
      BOOST_TEST(y.size(2) == one.size_after[0]);
      BOOST_TEST(y.size(3) == one.size_after[1]);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_counter_adds_up_blocks) {
  CostCounter counter;
  const Layers down{convolution("c", 3, 8, {3, 3}, {2, 2}, {1, 1}), batch_norm("n", 8)};
  const Pair size = counter.add(down, {8, 6});
  BOOST_TEST((size == Pair{4, 3}));
  BOOST_TEST((counter.add({global_average_pool(), linear("l", 8, 5)}, size) == Pair{1, 1}));
  const Quantities costs = counter.quantities();
  BOOST_TEST(costs.at("parameters") == 216 + 16 + 45);
  BOOST_TEST(costs.at("multiply_adds") == 216 * 12 + 40);
}

BOOST_AUTO_TEST_CASE(kinds_of_convolutions_are_told_apart) {
  BOOST_TEST(is_depthwise(depthwise("d", 8, 3, 1)));
  BOOST_TEST(!is_depthwise(convolution("c", 8, 8, {3, 3})));
  BOOST_TEST(is_pointwise(convolution("c", 8, 4, {1, 1})));
  BOOST_TEST(!is_pointwise(convolution("c", 8, 4, {1, 1}, {2, 2})));
  BOOST_TEST(!is_pointwise(convolution("c", 8, 4, {1, 1}, {1, 1}, {1, 1})));
  BOOST_TEST((BlockPlan{"b", {relu(), batch_norm("n", 8)}}.ends_in_batch_norm()));
  BOOST_TEST((!BlockPlan{"b", {batch_norm("n", 8), relu()}}.ends_in_batch_norm()));
  BOOST_TEST((!BlockPlan{"b", {}}.ends_in_batch_norm()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
