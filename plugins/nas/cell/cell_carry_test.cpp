// A lean network computes what the supernet does whose weights it took.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "dha/error.hpp"
#include "network.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

// Decided gates with weights of either sign, from 0.3 to 1.5 in size.
Gates random_gates(const Decisions& decisions, at::ScalarType type, uint64_t seed) {
  Gates gates = decided_gates(decisions, type);
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  for (ChoiceGates& choice : gates.choices) {
    const at::NoGradGuard no_grad;
    const at::Tensor size = at::empty_like(choice.weights).uniform_(0.3, 1.5, generator);
    choice.weights.copy_(at::empty_like(size).bernoulli_(0.5, generator).mul_(2).sub_(1).mul_(size));
  }
  return gates;
}

// How close a lean network is to the supernet, as shares of the largest value of each tensor. Both execute the same
// operations on the same values; only the chain rule of a gate sums its terms in another order.
struct Tolerance {
  double logits, gradients, gates;
};
constexpr Tolerance kDouble{1e-12, 1e-12, 1e-12}, kSingle{1e-6, 1e-6, 3e-6};

double relative_distance(const at::Tensor& found, const at::Tensor& expected) {
  return distance(found, expected) / std::max(expected.abs().max().item<double>(), 1e-30);
}

std::map<std::string, at::Tensor> tensors_by_name(const std::vector<NamedTensor>& list) {
  std::map<std::string, at::Tensor> tensors;
  for (const NamedTensor& one : list) tensors.emplace(one.name, one.tensor);
  return tensors;
}

// The gate that a lean network's affine weight absorbed, 1 where it has the supernet's value.
double absorbed_gate(const NamedTensor& lean, const at::Tensor& original, const Gates& gates) {
  const at::NoGradGuard no_grad;
  if (lean.tensor.equal(original)) return 1;
  double best = 0, nearest = std::numeric_limits<double>::infinity();
  for (const ChoiceGates& choice : gates.choices)
    for (const double gate : {choice.weights[0].item<double>(), choice.weights[1].item<double>()}) {
      const double error = relative_distance(original.mul(gate), lean.tensor);
      if (error < nearest) std::tie(best, nearest) = std::pair(gate, error);
    }
  BOOST_TEST(nearest < 1e-6, lean.name << " is no gate times the supernet's weight");
  return best;
}

// Of all weights by name; where a lean network's weight absorbed gate g, its gradient is 1 / g of the supernet's.
// Affine weights that the supernet lacks (candidate_affine is none) have no gradient to be compared with; those that
// absorb a gate are compared as what it learns.
void check_gradients(const Network& supernet, const Network& lean, const Gates& gates, double tolerance) {
  const std::map<std::string, at::Tensor> originals = tensors_by_name(supernet.parameters());
  size_t compared = 0;
  for (const NamedTensor& one : lean.parameters()) {
    const bool is_norm = one.name.find("norm") != std::string::npos;
    if (is_norm && originals.count(one.name) == 0) continue;
    BOOST_TEST_REQUIRE(originals.count(one.name) == 1U, one.name);
    const at::Tensor original = originals.at(one.name), found = one.tensor.grad();
    BOOST_TEST_REQUIRE(original.grad().defined() == found.defined(), one.name);
    if (!found.defined()) continue;
    const double gate = absorbed_gate(one, original, gates);
    BOOST_TEST(relative_distance(found.mul(gate), original.grad()) < tolerance, one.name);
    ++compared;
    if (!is_norm) BOOST_TEST(gate == 1, one.name);
  }
  BOOST_TEST(compared > 20U);
}

// <dL/dw, w>, 0 where w takes no part. In double, because the terms of the channels cancel.
double gradient_share(const at::Tensor& weight) {
  if (!weight.grad().defined()) return 0;
  return weight.detach().to(at::kDouble).mul(weight.grad().to(at::kDouble)).sum().item<double>();
}

// The gradient of a gate by the chain rule: of all operations of a lean network that absorbed it, w = g w0 and b = g b0
// give dL/dg = (<dL/dw, w> + <dL/db, b>) / g. Nothing where the gate is a factor of the operation, or the operation is
// none.
std::optional<double> absorbed_gradient(const CellNetwork& lean, const std::vector<std::string>& nodes,
                                        const Candidate& candidate, double gate) {
  const std::map<std::string, at::Tensor> weights = tensors_by_name(lean.parameters()),
                                          buffers = tensors_by_name(lean.buffers());
  std::optional<double> gradient;
  for (const std::string& node : nodes) {
    const std::string block = node + ".from" + std::to_string(candidate.input) + "." + candidate.operation;
    if (buffers.count(block + ".gate") > 0) return std::nullopt;
    for (const char* norm : {".norm.", ".norm2."})  // of two batch norms the second is the last layer
      if (weights.count(block + norm + "weight") > 0)
        gradient = gradient.value_or(0) + (gradient_share(weights.at(block + norm + "weight")) +
                                           gradient_share(weights.at(block + norm + "bias"))) /
                                              gate;
  }
  return gradient;
}

// The nodes that a choice decides, "cells.1.node0".
std::vector<std::string> nodes_of(const CellNetwork& supernet, int64_t choice) {
  std::vector<std::string> nodes;
  const auto& cells = supernet.plan().cells;
  for (size_t cell = 0; cell < cells.size(); ++cell)
    for (size_t node = 0; node < cells[cell].nodes.size(); ++node)
      if (supernet.choice_of(static_cast<int64_t>(cell), static_cast<int64_t>(node)) == choice)
        nodes.push_back("cells." + std::to_string(cell) + ".node" + std::to_string(node));
  return nodes;
}

// Returns how many gates were compared.
size_t check_gate_gradients(const TestSpace& space, const CellNetwork& supernet, const CellNetwork& lean,
                            const Gates& gates, double tolerance) {
  size_t compared = 0;
  for (size_t i = 0; i < gates.choices.size(); ++i) {
    const ChoiceGates& own = gates.choices[i];
    const Choice& choice = space.space->choices()[i];
    const std::vector<std::string> nodes = nodes_of(supernet, static_cast<int64_t>(i));
    const double scale = own.weights.grad().abs().max().item<double>();
    for (size_t k = 0; k < own.active.size(); ++k) {
      const auto row = static_cast<int64_t>(k);
      const auto found = absorbed_gradient(lean, nodes, choice.candidates[static_cast<size_t>(own.active[k])],
                                           own.weights[row].item<double>());
      if (!found) continue;
      const double error = std::abs(*found - own.weights.grad()[row].item<double>());
      BOOST_TEST(error <= tolerance * scale,
                 "gate " << k << " of " << choice.name << " is off by " << error << " of " << scale);
      ++compared;
    }
  }
  return compared;
}

// A lean network with the supernet's weights computes what the supernet does, and from a loss the same gradients of
// weights and images, in both modes; statistics move alike.
void check_lean_equals_gated(const std::string& more, const Decisions& decisions, TestSpace& space, at::ScalarType type,
                             uint64_t seed) {
  const Tolerance tolerance = type == at::kDouble ? kDouble : kSingle;
  const DatasetInfo info = image_set(5, 16);
  const auto supernet = space->supernet(type);
  const std::string text = space->architecture(decisions);
  const auto lean = space->lean(text, type);
  perturb_weights(*supernet);
  const Gates gates = random_gates(decisions, type, seed);
  const int64_t set = space->carry_weights(*supernet, gates, *lean, CarryMode::kExact);
  BOOST_TEST(set == static_cast<int64_t>(lean->parameters().size()));
  const at::Tensor images = random_images(3, info, type, seed);
  for (const bool training : {false, true}) {
    BOOST_TEST_CONTEXT(more << " " << text << (training ? " training" : " evaluating")) {
      for (const Network* network : {supernet.get(), lean.get()})
        for (const NamedTensor& one : network->parameters()) one.tensor.mutable_grad() = at::Tensor();
      for (const ChoiceGates& choice : gates.choices) choice.weights.mutable_grad() = at::Tensor();
      supernet->set_mode(mode_of(training));
      lean->set_mode(mode_of(training));
      const at::Tensor ours = images.clone().requires_grad_(true), theirs = images.clone().requires_grad_(true);
      const NetworkOutput gated = supernet->forward(ours, gates), plain = lean->forward(theirs, {});
      BOOST_TEST(relative_distance(plain.logits, gated.logits) < tolerance.logits);
      BOOST_TEST_REQUIRE(plain.auxiliary_logits.defined() == training);
      if (training) BOOST_TEST(relative_distance(plain.auxiliary_logits, gated.auxiliary_logits) < tolerance.logits);
      loss_of(gated, 0.4).backward();
      loss_of(plain, 0.4).backward();
      BOOST_TEST(relative_distance(theirs.grad(), ours.grad()) < tolerance.gradients);
      check_gradients(*supernet, *lean, gates, tolerance.gradients);
      const size_t absorbed = check_gate_gradients(space, static_cast<const CellNetwork&>(*supernet),
                                                   static_cast<const CellNetwork&>(*lean), gates, tolerance.gates);
      BOOST_TEST((absorbed > 0) == (more.find("\"absorb\"") != std::string::npos));
    }
  }
  const std::map<std::string, at::Tensor> moved = tensors_by_name(lean->buffers());
  for (const auto& [name, tensor] : tensors_by_name(supernet->buffers()))
    if (moved.count(name) > 0) BOOST_TEST(relative_distance(moved.at(name), tensor) < tolerance.logits, name);
}

using Momentum = std::map<std::string, at::Tensor>;

// A step of SGD with momentum 0.9 and weight decay on a batch of its own. Returns the logits.
at::Tensor train_step(Network& network, const Gates& gates, int step, Momentum& momentum) {
  for (const NamedTensor& one : network.parameters()) one.tensor.mutable_grad() = at::Tensor();
  network.set_mode(kTraining);
  const auto seed = static_cast<uint64_t>(100 + step);
  const NetworkOutput output = network.forward(random_images(4, image_set(5, 16), at::kDouble, seed), gates);
  loss_of(output, 0.4).mul(0.05).backward();
  const at::NoGradGuard no_grad;
  for (const NamedTensor& one : network.parameters()) {
    at::Tensor weight = one.tensor, &buffer = momentum[one.name];
    if (!buffer.defined()) buffer = weight.detach().clone().zero_();
    if (!weight.grad().defined()) continue;
    buffer.mul_(0.9).add_(weight.grad()).add_(weight.detach(), 3e-4);
    weight.sub_(buffer, 0.01);
  }
  return output.logits.detach();
}

}  // namespace

// Of three cells the first is a normal one, the others are reduction cells; of five, two are.
BOOST_AUTO_TEST_CASE(lean_equals_gated) {
  const std::string operations = std::string(R"("distinct_inputs": false, "operations": )") + kEveryOperation;
  const std::vector<std::string> variants{operations,
                                          operations + R"(, "extra_batch_norm": false)",
                                          operations + R"(, "candidate_affine": "none")",
                                          operations + R"(, "gate_weights": "absorb")",
                                          operations + R"(, "candidate_affine": "trained", "gate_weights": "absorb")",
                                          operations + R"(, "share_cells": false)",
                                          operations + R"(, "stem": "imagenet", "extra_batch_norm": false)"};
  for (const std::string& more : variants) {
    TestSpace space(small_space(more), image_set(5, 16));
    for (uint64_t seed = 1; seed <= 2; ++seed)
      check_lean_equals_gated(more, random_decisions(space, seed), space, at::kDouble, seed);
    check_lean_equals_gated(more, random_decisions(space, 3), space, at::kFloat, 3);
  }
}

BOOST_AUTO_TEST_CASE(lean_equals_gated_in_the_default_cells) {
  TestSpace space(R"({"channels": 4, "cells": 5})", image_set(5, 16));
  for (uint64_t seed = 11; seed <= 12; ++seed)
    for (const at::ScalarType type : {at::kDouble, at::kFloat})
      check_lean_equals_gated("", random_decisions(space, seed), space, type, seed);
}

BOOST_AUTO_TEST_CASE(lean_equals_gated_with_both_candidates_on_one_edge) {
  TestSpace space(small_space(R"("distinct_inputs": false)"), image_set(5, 16));
  for (const at::ScalarType type : {at::kDouble, at::kFloat})
    check_lean_equals_gated("", {{2, 3}, {0, 1}, {4, 6}, {0, 2}, {3, 5}, {22, 26}}, space, type, 1);
}

// Search and training of what it found are one trajectory: a supernet whose choices are all frozen, and the lean
// network that takes over its weights, gates and momentum, stay equal while both go on training.
BOOST_AUTO_TEST_CASE(a_decided_network_trains_on_as_the_supernet_would) {
  TestSpace space(small_space(), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 7);
  const auto supernet = space->supernet(at::kDouble), lean = space->lean(space->architecture(decisions), at::kDouble);
  perturb_weights(*supernet);
  const Gates gates = random_gates(decisions, at::kDouble, 7);
  Momentum of_supernet, of_lean;
  for (int step = 0; step < 5; ++step) train_step(*supernet, gates, step, of_supernet);
  space->carry_weights(*supernet, gates, *lean, CarryMode::kExact);
  for (const NamedTensor& one : lean->parameters()) of_lean[one.name] = of_supernet.at(one.name).clone();
  for (int step = 5; step < 25; ++step) {
    const at::Tensor gated = train_step(*supernet, gates, step, of_supernet);
    const at::Tensor plain = train_step(*lean, {}, step, of_lean);
    BOOST_TEST(relative_distance(plain, gated) < 1e-9, "step " << step);
  }
  const std::map<std::string, at::Tensor> trained = tensors_by_name(supernet->parameters());
  for (const NamedTensor& one : lean->parameters())
    BOOST_TEST(relative_distance(one.tensor, trained.at(one.name)) < 1e-9, one.name);
}

BOOST_AUTO_TEST_CASE(zero_gates_are_absorbed_exactly) {
  TestSpace space(small_space(R"("gate_weights": "absorb")"), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 3);
  const auto supernet = space->supernet(at::kFloat);
  const auto lean = space->lean(space->architecture(decisions), at::kFloat);
  Gates gates = decided_gates(decisions, at::kFloat);
  for (size_t i = 0; i < gates.choices.size(); i += 2) gates.choices[i].weights = leaf({0, -2}, at::kFloat);
  space->carry_weights(*supernet, gates, *lean, CarryMode::kExact);
  const at::Tensor images = random_images(3, image_set(5, 16), at::kFloat);
  for (const bool training : {false, true}) {
    supernet->set_mode(mode_of(training));
    lean->set_mode(mode_of(training));
    BOOST_TEST(distance(supernet->forward(images, gates).logits, lean->forward(images, {}).logits) < 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(lean_networks_carry_by_name) {
  TestSpace space(small_space(R"("extra_batch_norm": false)"), image_set(5, 16));
  const std::string text = space->sample(at::detail::createCPUGenerator(2));
  const auto from = space->lean(text, at::kFloat), to = space->lean(text, at::kFloat);
  perturb_weights(*from);
  {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& one : from->buffers())
      if (one.name.ends_with(".gate")) at::Tensor(one.tensor).fill_(-0.4);
  }
  const int64_t set = space->carry_weights(*from, {}, *to, CarryMode::kExact);
  BOOST_TEST(set == static_cast<int64_t>(to->parameters().size()));
  from->set_mode(kEvaluation);
  to->set_mode(kEvaluation);
  const at::Tensor images = random_images(2, image_set(5, 16), at::kFloat);
  BOOST_TEST(from->forward(images, {}).logits.equal(to->forward(images, {}).logits));
}

// The child differs from its parent in one decision: what both have is the parent's, the rest is as it was drawn.
BOOST_AUTO_TEST_CASE(a_mutated_network_takes_what_it_shares_with_its_parent) {
  TestSpace space(small_space(R"("gate_weights": "keep")"), image_set(5, 16));
  const auto generator = at::detail::createCPUGenerator(4);
  const std::string text = space->sample(generator);
  for (int step = 0; step < 5; ++step) {
    const auto parent = space->lean(text, at::kFloat), child = space->lean(space->mutate(text, generator), at::kFloat);
    perturb_weights(*parent);
    const std::map<std::string, at::Tensor> weights = tensors_by_name(parent->parameters()),
                                            statistics = tensors_by_name(parent->buffers());
    std::map<std::string, at::Tensor> drawn;
    for (const NamedTensor& one : child->parameters()) drawn[one.name] = one.tensor.detach().clone();
    const int64_t set = space->carry_weights(*parent, {}, *child, CarryMode::kShared);
    int64_t shared = 0;
    for (const NamedTensor& one : child->parameters()) {
      const bool is_shared = weights.count(one.name) > 0;
      shared += is_shared ? 1 : 0;
      BOOST_TEST(one.tensor.equal(is_shared ? weights.at(one.name) : drawn.at(one.name)), one.name);
    }
    for (const NamedTensor& one : child->buffers())
      if (statistics.count(one.name) > 0) BOOST_TEST(one.tensor.equal(statistics.at(one.name)), one.name);
    BOOST_TEST(set == shared);
    BOOST_TEST(shared > 20);
  }
}

BOOST_AUTO_TEST_CASE(networks_of_other_widths_share_nothing_but_what_fits) {
  TestSpace space(small_space(), image_set(5, 16)),
      wide(R"({"channels": 6, "cells": 3, "nodes": 3})", image_set(5, 16));
  const std::string text = space->sample(at::detail::createCPUGenerator(4));
  const auto from = space->lean(text, at::kFloat), to = wide->lean(text, at::kFloat);
  // The auxiliary head but for its first convolution, and the classifier's bias.
  const std::map<std::string, at::Tensor> weights = tensors_by_name(from->parameters());
  int64_t fitting = 0;
  for (const NamedTensor& one : to->parameters()) fitting += one.tensor.sizes() == weights.at(one.name).sizes() ? 1 : 0;
  BOOST_TEST(fitting == 8);
  BOOST_TEST(space->carry_weights(*from, {}, *to, CarryMode::kShared) == fitting);
  BOOST_TEST(named(to->parameters(), "auxiliary.conv2.weight").equal(weights.at("auxiliary.conv2.weight")));
}

// Any architecture may take weights of a supernet: it computes what the supernet does under gates of weight 1 for it.
BOOST_AUTO_TEST_CASE(any_architecture_shares_a_supernet) {
  for (const char* affine : {"trained", "none"}) {
    TestSpace space(small_space(R"("candidate_affine": ")" + std::string(affine) + "\""), image_set(5, 16));
    const auto supernet = space->supernet(at::kDouble);
    perturb_weights(*supernet);
    const Decisions trained = random_decisions(space, 1), decisions = random_decisions(space, 2);
    const auto lean = space->lean(space->architecture(decisions), at::kDouble);
    const int64_t all = static_cast<int64_t>(lean->parameters().size());
    // Gates of the candidates that both share, 1 for the others.
    const Gates own = random_gates(trained, at::kDouble, 5);
    Gates equivalent = decided_gates(decisions, at::kDouble);
    size_t shared = 0;
    for (size_t i = 0; i < decisions.size(); ++i)
      for (size_t k = 0; k < 2; ++k) {
        const at::NoGradGuard no_grad;
        const auto found = std::find(trained[i].begin(), trained[i].end(), decisions[i][k]);
        const at::Tensor entry = equivalent.choices[i].weights.select(0, static_cast<int64_t>(k));
        entry.fill_(1);
        if (found == trained[i].end()) continue;
        entry.copy_(own.choices[i].weights.select(0, found - trained[i].begin()));
        ++shared;
      }
    BOOST_TEST((shared > 0 && shared < 2 * decisions.size()));
    const at::Tensor images = random_images(3, image_set(5, 16), at::kDouble);
    supernet->set_mode(kEvaluation);
    lean->set_mode(kEvaluation);
    BOOST_TEST(space->carry_weights(*supernet, own, *lean, CarryMode::kShared) == all);
    BOOST_TEST(relative_distance(lean->forward(images, {}).logits, supernet->forward(images, equivalent).logits) <
               1e-12);
    for (ChoiceGates& choice : equivalent.choices) choice.weights = leaf({1, 1}, at::kDouble);
    const auto again = space->lean(space->architecture(decisions), at::kDouble);
    again->set_mode(kEvaluation);
    BOOST_TEST(space->carry_weights(*supernet, {}, *again, CarryMode::kShared) == all);
    BOOST_TEST(relative_distance(again->forward(images, {}).logits, supernet->forward(images, equivalent).logits) <
               1e-12);
  }
}

BOOST_AUTO_TEST_CASE(weights_without_a_source_are_refused) {
  TestSpace space(small_space(), image_set(5, 16)),
      other(small_space(R"("extra_batch_norm": false)"), image_set(5, 16));
  const Decisions decisions{{2, 7}, {2, 10}, {3, 9}, {2, 7}, {2, 10}, {3, 9}};
  const Gates gates = decided_gates(decisions, at::kFloat);
  const auto supernet = space->supernet(at::kFloat);
  const auto refusal = [&](const Network& from, const Gates& by, Network& to) -> std::string {
    try {
      space->carry_weights(from, by, to, CarryMode::kExact);
    } catch (const Error& e) {
      BOOST_TEST((e.code() == ErrorCode::kInvalidConfig));
      return e.what();
    }
    return "no error";
  };
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const auto lean = space->lean(space->architecture(decisions), at::kFloat);
  const auto another = space->lean(space->sample(at::detail::createCPUGenerator(1)), at::kFloat);
  const auto without_norm = other->lean(space->architecture(decisions), at::kFloat);
  BOOST_TEST(contains(refusal(*supernet, gates, *another), "is not among the active candidates"));
  BOOST_TEST(contains(refusal(*supernet, gates, *without_norm), "has other layers in the decided network"));
  BOOST_TEST(contains(refusal(*supernet, {}, *lean), "is a supernet, which needs gates"));
  BOOST_TEST(contains(refusal(*lean, gates, *another), "is lean"));
  BOOST_TEST(contains(refusal(*lean, {}, *another), "has no counterpart in the target network"));
  BOOST_TEST(contains(refusal(*lean, {}, *supernet), "expected a lean one"));
  TestSpace wide(R"({"channels": 6, "cells": 3, "nodes": 3})", image_set(5, 16));
  const auto wider = wide->lean(space->architecture(decisions), at::kFloat);
  BOOST_TEST(contains(refusal(*supernet, gates, *wider), "has shape"));
}

}  // namespace dha::cell
