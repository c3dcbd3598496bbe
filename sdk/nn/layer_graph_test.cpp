// Plans described layer by layer: the described layers compute what the network computes.
#include "dha/nn/layer_graph.hpp"

#include <boost/test/unit_test.hpp>

#include "dha/nn/planned_network.hpp"
#include "nn_testing.hpp"
#include "support/run_layer_graph.hpp"
#include "support/test_context.hpp"

namespace dha::nn {
namespace {

using Written = GraphLayer::Kind;

constexpr double kRounding = 1e-12;

// Stem, a choice of two operations around a shortcut, head.
NetworkPlan small_plan(int64_t height, int64_t width, const OperationPlan& first, const OperationPlan& second) {
  NetworkPlan plan{"the small network", 3, height, width, {}};
  plan.steps.push_back(fixed_step(0, 1, {"stem", {convolution("conv", 3, 4, {3, 3}), batch_norm("norm", 4)}}));
  plan.steps.push_back({1, 2, {first, second}, 0});
  plan.steps.push_back(fixed_step(2, 3, {"head", {relu6(), global_average_pool(), linear("linear", 4, 5)}}));
  return plan;
}

// Weights and statistics that tell every layer from the identity, gates among them.
void perturb(const Network& network) {
  const at::NoGradGuard no_grad;
  uint64_t seed = 1;
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) {
      const at::Tensor values = random_tensor(one.tensor.sizes(), at::kDouble, seed++);
      one.tensor.copy_(one.name.ends_with("running_var") ? values.abs().add(0.5) : values);
    }
}

void check(const NetworkPlan& plan) {
  test::TestContext context;
  PlannedNetwork network(plan, PlannedNetwork::Kind::kLean, at::kDouble, context);
  perturb(network);
  network.set_mode({false, false, 0, false});
  const at::NoGradGuard no_grad;
  const at::Tensor images = random_tensor({2, plan.channels, plan.height, plan.width});
  const at::Tensor found = test::run(layer_graph(plan), test::tensors_of(network), images);
  BOOST_TEST(relative_distance(found, network.forward(images, {}).logits) < kRounding);
}

OperationPlan operation(std::string name, Layers layers) { return {{std::move(name), std::move(layers)}}; }

size_t count_of(const LayerGraph& graph, Written kind) {
  size_t count = 0;
  for (const GraphLayer& layer : graph.layers) count += layer.kind == kind;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_graph_of_plans)

BOOST_AUTO_TEST_CASE(every_layer_is_described) {
  const OperationPlan skip = operation("skip", {});
  for (const Layers& layers : {
           Layers{relu(), depthwise("deep", 4, 5, 2, 2), batch_norm("norm", 4, true, 1e-2)},
           Layers{convolution("conv", 4, 4, {1, 7}, {1, 2}, {0, 3}),
                  convolution("other", 4, 4, {7, 1}, {2, 1}, {3, 0})},
           Layers{max_pool({3, 3}, {2, 2}, {1, 1}), batch_norm("norm", 4, false)},
           Layers{average_pool({3, 3}, {2, 2}, {1, 1})},
           Layers{relu(), factorized_reduce("conv", 4, 4), batch_norm("norm", 4)},
           Layers{widen(4, 4, 2)},
       })
    for (const Pair side : {Pair{10, 10}, Pair{9, 10}, Pair{10, 9}, Pair{9, 9}})
      check(small_plan(side[0], side[1], operation("a", layers), operation("b", layers)));
  check(small_plan(8, 8, skip, operation("pool", {average_pool({3, 3}, {1, 1}, {1, 1})})));
}

BOOST_AUTO_TEST_CASE(shortcuts_are_widened_with_zeros) {
  NetworkPlan plan{"the small network", 3, 7, 8, {}};
  plan.steps.push_back(fixed_step(0, 1, {"body", {convolution("conv", 3, 9, {3, 3}, {2, 2}, {1, 1})}}));
  plan.steps.push_back(fixed_step(0, 1, {"", {widen(3, 9, 2)}}));
  plan.steps.push_back(fixed_step(1, 2, {"", {relu(), global_average_pool(), linear("fc", 9, 4)}}));
  check(plan);
}

BOOST_AUTO_TEST_CASE(gates_follow_the_operations_of_choices) {
  const NetworkPlan plan = small_plan(8, 8, operation("a", {batch_norm("norm", 4)}), operation("skip", {}));
  const LayerGraph graph = layer_graph(plan);
  BOOST_TEST(count_of(graph, Written::kGate) == 2U);
  check(plan);
}

BOOST_AUTO_TEST_CASE(operations_that_contribute_nothing_leave_zeros) {
  const OperationPlan zero{{"zero", {}}, true};
  const NetworkPlan plan = small_plan(8, 9, zero, zero);
  const LayerGraph graph = layer_graph(plan);
  BOOST_TEST(count_of(graph, Written::kZeros) == 1U);
  BOOST_TEST(count_of(graph, Written::kGate) == 0U);
  check(plan);
  check(small_plan(8, 9, zero, operation("skip", {})));
}

BOOST_AUTO_TEST_CASE(weights_have_their_networks_names) {
  const LayerGraph graph = layer_graph(small_plan(8, 8, operation("a", {factorized_reduce("conv", 4, 5)}),
                                                  operation("b", {factorized_reduce("conv", 4, 5)})));
  std::vector<std::string> names;
  for (const GraphLayer& layer : graph.layers)
    if (layer.kind == Written::kConvolution) names.push_back(layer.name);
  BOOST_TEST(names == (std::vector<std::string>{"stem.conv", "a.conv1", "a.conv2", "b.conv1", "b.conv2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
