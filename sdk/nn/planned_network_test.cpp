// Networks from plans: what runs, gate gradients, features of zeros, drop path, carried weights.
#include "dha/nn/planned_network.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <set>

#include "dha/error.hpp"
#include "dha/nn/carry_planned.hpp"
#include "nn_testing.hpp"
#include "support/error_checks.hpp"
#include "support/test_context.hpp"

namespace dha::nn {
namespace {

using Kind = PlannedNetwork::Kind;

constexpr NetworkMode kTraining{true, true, 0, true}, kEvaluation{false, false, 0, true};
constexpr int64_t kZero = 0, kIdentity = 1, kConvolution = 2, kPool = 3;

StepPlan searched(int64_t from, int64_t to, int64_t choice) {
  const std::string name = "edge" + std::to_string(from) + std::to_string(to);
  StepPlan step{from, to, {}, choice, true};
  step.operations.push_back({{name + ".none", {}}, true});
  step.operations.push_back({{name + ".skip", {}}});
  step.operations.push_back(
      {{name + ".conv", {relu(), convolution("conv", 4, 4, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", 4)}}});
  step.operations.push_back({{name + ".pool", {average_pool({3, 3}, {1, 1}, {1, 1})}}});
  return step;
}

// A cell of two nodes, whose input also passes it by, between a stem and a classifier.
NetworkPlan cell() {
  NetworkPlan plan{"the test network", 3, 6, 5, {}};
  plan.steps.push_back(
      fixed_step(0, 1, {"stem", {convolution("conv", 3, 4, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", 4)}}));
  plan.steps.push_back(searched(1, 2, 0));
  plan.steps.push_back(searched(1, 3, 1));
  plan.steps.push_back(searched(2, 3, 2));
  plan.steps.push_back(fixed_step(3, 4, {}));
  plan.steps.push_back(fixed_step(1, 4, {}));
  plan.steps.push_back(fixed_step(4, 5, {"head", {global_average_pool(), linear("fc", 4, 3)}}));
  return plan;
}

at::Tensor leaf(std::vector<double> values) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::TensorOptions().dtype(at::kDouble))
      .clone()
      .set_requires_grad(true);
}

Gates gates_of(const std::vector<std::vector<int64_t>>& active, const std::vector<std::vector<double>>& weights) {
  Gates gates;
  for (size_t i = 0; i < active.size(); ++i) gates.choices.push_back({active[i], leaf(weights[i]), {}, false});
  return gates;
}

// Weights of a batch norm other than 1 and 0, so that a gate makes a difference behind it.
void perturb(const Network& network) {
  const at::NoGradGuard no_grad;
  const auto generator = at::detail::createCPUGenerator(21);
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list)
      if (one.tensor.dim() == 1) one.tensor.uniform_(0.5, 1.5, generator);
}

struct Fixture {
  test::TestContext context;
  at::Tensor images = random_tensor({4, 3, 6, 5});

  std::unique_ptr<PlannedNetwork> network(NetworkPlan plan, Kind kind) {
    auto built = std::make_unique<PlannedNetwork>(std::move(plan), kind, at::kDouble, context);
    perturb(*built);
    return built;
  }
};

at::Tensor loss_of(const at::Tensor& logits) { return logits.mul(random_tensor(logits.sizes(), at::kDouble, 9)).sum(); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(planned_network, Fixture)

BOOST_AUTO_TEST_CASE(decided_networks_compute_what_the_supernet_does) {
  for (const auto& kept : std::vector<std::vector<int64_t>>{{2, 1, 3}, {0, 0, 0}, {0, 2, 2}, {1, 1, 1}, {3, 0, 1}})
    for (const NetworkMode& mode : {kTraining, kEvaluation}) {
      const auto supernet = network(cell(), Kind::kSupernet);
      const Decisions decisions{{kept[0]}, {kept[1]}, {kept[2]}};
      const auto lean = network(decided(cell(), decisions), Kind::kLean);
      const Gates gates = gates_of(decisions, {{0.7}, {-1.3}, {0.4}});
      BOOST_TEST(carry_planned(*supernet, gates, *lean, CarryMode::kExact) ==
                 static_cast<int64_t>(lean->parameters().size()));
      supernet->set_mode(mode);
      lean->set_mode(mode);
      const at::Tensor expected = supernet->forward(images, gates).logits;
      BOOST_TEST(relative_distance(lean->forward(images, {}).logits, expected) < 1e-12);
      const auto again = network(decided(cell(), decisions), Kind::kLean);
      carry_planned(*lean, {}, *again, CarryMode::kExact);
      again->set_mode({true, false, 0, true});
      lean->set_mode({true, false, 0, true});
      BOOST_TEST(again->forward(images, {}).logits.equal(lean->forward(images, {}).logits));
      BOOST_TEST(count(lean->plan()).at(quantity::kParameters) == [&] {
        double size = 0;
        for (const NamedTensor& one : lean->parameters()) size += static_cast<double>(one.tensor.numel());
        return size;
      }());
    }
}

// The same network written down by hand.
BOOST_AUTO_TEST_CASE(steps_add_weighted_operations) {
  const auto supernet = network(cell(), Kind::kSupernet);
  const Gates gates = gates_of({{1, 2}, {0}, {3}}, {{0.7, -0.2}, {5}, {0.4}});
  std::map<std::string, Block> blocks;
  for (const StepPlan& step : cell().steps)
    for (const OperationPlan& operation : step.operations) {
      Block block(operation.block, at::kDouble, at::detail::createCPUGenerator(1));
      for (const NamedTensor& one : parameters_of(block)) {
        const at::NoGradGuard no_grad;
        one.tensor.copy_(named(supernet->parameters(), one.name));
      }
      blocks.emplace(operation.block.name, std::move(block));
    }
  const auto by = [&](const char* name, const at::Tensor& x) { return nn::run(blocks.at(name), x, {true, false}); };
  const at::Tensor x = by("stem", images);
  const at::Tensor node = x * 0.7 - by("edge12.conv", x) * 0.2;
  const at::Tensor expected = by("head", by("edge23.pool", node) * 0.4 + x);
  BOOST_TEST(relative_distance(supernet->forward(images, gates).logits, expected) < 1e-12);
  const at::Tensor last = images.contiguous(at::MemoryFormat::ChannelsLast);
  BOOST_TEST(relative_distance(supernet->forward(last, gates).logits, expected) < 1e-12);
}

BOOST_AUTO_TEST_CASE(only_active_candidates_run) {
  const auto supernet = network(cell(), Kind::kSupernet);
  loss_of(supernet->forward(images, gates_of({{kConvolution}, {kIdentity}, {kPool}}, {{1}, {1}, {1}})).logits)
      .backward();
  std::set<std::string> trained;
  for (const NamedTensor& one : supernet->parameters())
    if (one.tensor.grad().defined()) trained.insert(one.name);
  const std::set<std::string> expected{
      "stem.conv.weight",        "stem.norm.weight",      "stem.norm.bias", "edge12.conv.conv.weight",
      "edge12.conv.norm.weight", "edge12.conv.norm.bias", "head.fc.weight", "head.fc.bias"};
  BOOST_TEST(trained == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(affine_weights_wait_for_their_choice) {
  NetworkPlan plan = cell();
  plan.waits_for_decisions = true;
  const auto supernet = network(plan, Kind::kSupernet);
  Gates gates = gates_of({{kConvolution}, {kConvolution}, {kConvolution}}, {{1}, {1}, {1}});
  gates.choices[1].frozen = true;
  supernet->forward(images, gates);
  for (const NamedTensor& one : supernet->parameters()) {
    const bool waits = one.name.starts_with("edge12.conv.norm") || one.name.starts_with("edge23.conv.norm");
    BOOST_TEST(one.tensor.requires_grad() == !waits, one.name);
  }
}

// Where nothing is active but zeros, and where a shortcut alone is, too.
BOOST_AUTO_TEST_CASE(observed_gradients_equal_executing_the_candidates) {
  NetworkPlan block = cell();
  block.steps = {block.steps[0], searched(1, 2, 0), fixed_step(1, 2, {}),
                 fixed_step(2, 3, {"", {global_average_pool(), linear("fc", 4, 3)}})};
  for (const NetworkPlan& plan : {cell(), block})
    for (const int64_t active : {kZero, kIdentity, kConvolution, kPool}) {
      const auto supernet = network(plan, Kind::kSupernet);
      Gates observing, executing;
      for (int64_t i = 0; i < count_choices(plan); ++i) {
        ChoiceGates observed{{active}, leaf({0.8}), {}, false};
        std::vector<double> weights(4, 0);
        weights[static_cast<size_t>(active)] = 0.8;
        for (int64_t k = 0; k < 4; ++k)
          if (k != active) observed.observed.push_back(k);
        observing.choices.push_back(observed);
        executing.choices.push_back({{0, 1, 2, 3}, leaf(weights), {}, false});
      }
      supernet->set_mode({true, false, 0, true});
      loss_of(supernet->forward(images, observing).logits).backward();
      const std::vector<at::Tensor> found = supernet->observed_gradients();
      loss_of(supernet->forward(images, executing).logits).backward();
      for (size_t i = 0; i < observing.choices.size(); ++i) {
        const at::Tensor expected = executing.choices[i].weights.grad();
        const double scale = std::max(1e-3, expected.abs().max().item<double>());
        BOOST_TEST(std::abs((observing.choices[i].weights.grad()[0] - expected[active]).item<double>()) <
                   1e-10 * scale);
        for (size_t k = 0; k < 3; ++k)
          BOOST_TEST(
              std::abs(
                  (found[i][static_cast<int64_t>(k)] - expected[observing.choices[i].observed[k]]).item<double>()) <
                  1e-10 * scale,
              active << " active, choice " << i << ", candidate " << observing.choices[i].observed[k]);
      }
    }
}

BOOST_AUTO_TEST_CASE(drop_path_spares_identities) {
  const Decisions identities{{1}, {1}, {1}}, pools{{3}, {3}, {3}};
  const auto lean = network(decided(cell(), identities), Kind::kLean);
  const at::Tensor kept = lean->forward(images, {}).logits.detach();
  lean->set_mode({true, false, 0.9, true});
  BOOST_TEST(lean->forward(images, {}).logits.equal(kept));
  const auto pooled = network(decided(cell(), pools), Kind::kLean);
  const at::Tensor whole = pooled->forward(images, {}).logits.detach();
  pooled->set_mode({true, false, 0.9, true});
  BOOST_TEST(relative_distance(pooled->forward(images, {}).logits, whole) > 1e-3);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const auto supernet = network(cell(), Kind::kSupernet);
  const Gates gates = gates_of({{2}, {1}, {3}}, {{1}, {1}, {1}});
  const auto refuses = [&](const at::Tensor& given, const Gates& by, const char* word) {
    BOOST_CHECK_EXCEPTION(supernet->forward(given, by), Error, test::error_with(ErrorCode::kContractViolation, word));
  };
  refuses(images.slice(2, 0, 5), gates, "the test network was given images [4, 3, 5, 5], expected [N, 3, 6, 5]");
  refuses(images, {}, "gates for 0 choices, expected 3");
  Gates wrong = gates;
  wrong.choices[1].active[0] = 4;
  refuses(images, wrong, "the gates of choice 1");
  const auto lean = network(decided(cell(), {{2}, {2}, {3}}), Kind::kLean);
  const auto cannot_carry = [&](const Network& from, const Gates& by, Network& to, const char* word) {
    BOOST_CHECK_EXCEPTION(carry_planned(from, by, to, CarryMode::kExact), Error,
                          test::error_with(ErrorCode::kInvalidConfig, word));
  };
  cannot_carry(*supernet, gates, *lean, "'edge13.conv' is not among the active candidates");
  cannot_carry(*supernet, {}, *lean, "needs gates");
  cannot_carry(*lean, gates, *lean, "the source network is lean");
  cannot_carry(*lean, {}, *supernet, "is a supernet, expected a lean one");
  const auto other = network(decided(cell(), {{2}, {1}, {3}}), Kind::kLean);
  cannot_carry(*lean, {}, *other, "has no counterpart");
  BOOST_TEST(carry_planned(*supernet, gates, *lean, CarryMode::kShared) == 11);
  BOOST_TEST(named(lean->buffers(), "edge13.conv.gate").item<double>() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
