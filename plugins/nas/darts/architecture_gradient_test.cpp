// The gradients of both orders against autograd through the weight step, and against the published finite difference.
#include "architecture_gradient.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "support/network_services.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;
using Tensors = std::vector<at::Tensor>;

// Two nodes of a toy network in double, its gates, a training and a validation batch, and momentum in the optimizer.
struct Problem {
  Problem() : space({toy_choice("node0", 2, 2, 2, true), toy_choice("node1", 3, 2, 2, true)}, &context) {
    DatasetInfo info;
    info.classes = 3;
    info.channels = 1;
    info.height = info.width = 3;
    space.prepare(info);
    network = space.supernet(at::kDouble);
    training = batch();
    validation = batch();
    services = std::make_unique<NetworkServices>(*network, training, std::vector<LabelledImages>{validation});
    services->learning_rate = 0.2;
    for (const Choice& choice : space.choices()) {
      const auto count = static_cast<int64_t>(choice.candidates.size());
      gates.choices.push_back({{}, at::rand({count}, generator, at::TensorOptions(at::kDouble)), {}, false});
      for (int64_t k = 0; k < count; ++k) gates.choices.back().active.push_back(k);
    }
    for (const NamedTensor& parameter : network->parameters()) {
      weights.push_back(parameter.tensor);
      services->buffers[weights.size() - 1] =
          at::randn(parameter.tensor.sizes(), generator, at::TensorOptions(at::kDouble)).mul_(0.1);
    }
  }

  LabelledImages batch() {
    return {at::randn({6, 1, 3, 3}, generator, at::TensorOptions(at::kDouble)),
            at::randint(3, {6}, generator, at::TensorOptions(at::kLong))};
  }

  // The loss as a function of weights and gates, in one graph.
  static at::Tensor loss(const Tensors& matrices, const at::Tensor& gate, const LabelledImages& batch) {
    at::Tensor logits;
    for (size_t k = 0; k < matrices.size(); ++k) {
      const at::Tensor term =
          at::matmul(batch.images.flatten(1), matrices[k]) * gate.select(0, static_cast<int64_t>(k));
      logits = logits.defined() ? logits + term : term;
    }
    return cross_entropy(logits, batch.labels);
  }

  at::Tensor leaf() const {
    Tensors parts;
    for (const ChoiceGates& choice : gates.choices) parts.push_back(choice.weights);
    return at::cat(parts).clone().requires_grad_(true);
  }

  Tensors leaves() const {
    Tensors copies;
    for (const at::Tensor& weight : weights) copies.push_back(weight.detach().clone().requires_grad_(true));
    return copies;
  }

  // The weights after the step, in the graph of the gates.
  Tensors stepped(const Tensors& from, const at::Tensor& gate) const {
    const Tensors gradients =
        torch::autograd::grad({loss(from, gate, training)}, from, {}, /*retain_graph=*/true, /*create_graph=*/true);
    Tensors result;
    for (size_t i = 0; i < from.size(); ++i) {
      const at::Tensor decayed = gradients[i] + from[i] * services->weight_decay;
      const at::Tensor buffer = services->buffers[i] * services->momentum + decayed;
      const at::Tensor direction = services->nesterov ? decayed + buffer * services->momentum : buffer;
      result.push_back(from[i] - direction * services->learning_rate);
    }
    return result;
  }

  at::Tensor exact() const {
    const at::Tensor gate = leaf();
    return torch::autograd::grad({loss(stepped(leaves(), gate), gate, validation)}, {gate})[0];
  }

  at::Tensor first_order() const { return at::cat(darts::first_order_gradient(*services, gates)); }
  at::Tensor second_order(double radius = 0.01) const {
    return at::cat(darts::second_order_gradient(*services, gates, radius));
  }

  TestContext context;
  at::Generator generator = at::detail::createCPUGenerator(3);
  ToySpace space;
  std::unique_ptr<Network> network;
  LabelledImages training, validation;
  std::unique_ptr<NetworkServices> services;
  Gates gates;
  Tensors weights;
};

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  return (found.sub(expected).norm() / expected.norm()).item<double>();
}

BOOST_FIXTURE_TEST_SUITE(architecture_gradient, Problem)

BOOST_AUTO_TEST_CASE(first_order_is_the_gradient_of_the_validation_loss) {
  const at::Tensor gate = leaf();
  const at::Tensor expected = torch::autograd::grad({loss(leaves(), gate, validation)}, {gate})[0];
  BOOST_TEST(relative_difference(first_order(), expected) < 1e-13);
}

// The error of a central difference falls with the square of its radius.
BOOST_AUTO_TEST_CASE(second_order_differentiates_through_the_weight_step) {
  for (const bool nesterov : {false, true}) {
    services->nesterov = nesterov;
    const at::Tensor expected = exact();
    BOOST_TEST(relative_difference(first_order(), expected) > 0.1);
    BOOST_TEST(relative_difference(second_order(0.01), expected) < 1e-4);
    BOOST_TEST(relative_difference(second_order(0.001), expected) < 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(second_order_is_the_published_finite_difference) {
  const at::Tensor gate = leaf();
  Tensors ahead;
  for (const at::Tensor& weight : stepped(leaves(), gate.detach()))
    ahead.push_back(weight.detach().clone().requires_grad_(true));
  Tensors inputs = ahead;
  inputs.push_back(gate);
  Tensors gradients = torch::autograd::grad({loss(ahead, gate, validation)}, inputs);
  const at::Tensor of_gates = gradients.back();
  gradients.pop_back();
  at::Tensor squares = gradients[0].square().sum();
  for (size_t i = 1; i < gradients.size(); ++i) squares = squares + gradients[i].square().sum();
  const double epsilon = 0.01 / squares.sqrt().item<double>();
  const auto displaced = [&](double sign) {
    Tensors moved;
    for (size_t i = 0; i < weights.size(); ++i) moved.push_back(weights[i].detach() + gradients[i] * (sign * epsilon));
    return torch::autograd::grad({loss(moved, gate, training)}, {gate})[0];
  };
  const at::Tensor expected = of_gates - (displaced(1) - displaced(-1)).mul(services->learning_rate / (2 * epsilon));
  BOOST_TEST(relative_difference(second_order(), expected) < 1e-9);
}

BOOST_AUTO_TEST_CASE(without_a_learning_rate_both_orders_agree) {
  services->learning_rate = 0;
  BOOST_TEST(second_order().equal(first_order()));
}

BOOST_AUTO_TEST_CASE(the_losses_are_those_of_training_mode_and_weights_stay) {
  Tensors before;
  for (const at::Tensor& weight : weights) before.push_back(weight.detach().clone());
  second_order();
  BOOST_TEST_REQUIRE(services->requests.size() == 4u);
  const EvaluationData expected[] = {EvaluationData::kTrainingBatch, EvaluationData::kNextValidation,
                                     EvaluationData::kTrainingBatch, EvaluationData::kTrainingBatch};
  for (size_t i = 0; i < 4; ++i) {
    BOOST_TEST((services->requests[i].data == expected[i]));
    BOOST_TEST((services->requests[i].mode == EvaluationMode::kTraining));
  }
  for (size_t i = 0; i < weights.size(); ++i) BOOST_TEST(weights[i].sub(before[i]).abs().max().item<double>() < 1e-15);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
