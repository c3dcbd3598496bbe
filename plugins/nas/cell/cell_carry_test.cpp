// A lean network computes what the supernet does whose weights it took.
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>

#include "dha/error.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

// A lean network with the supernet's weights computes what the supernet does, in both modes, and its gradients are the
// supernet's, but for affine weights that absorbed a gate g: theirs are 1 / g of the supernet's (0.7 and -1.3 here).
void check_lean_equals_gated(const std::string& more, const Decisions& decisions, TestSpace& space) {
  const DatasetInfo info = image_set(5, 16);
  const auto supernet = space->supernet(at::kDouble);
  const std::string text = space->architecture(decisions);
  const auto lean = space->lean(text, at::kDouble);
  perturb_weights(*supernet);
  const Gates gates = decided_gates(decisions, at::kDouble);
  space->carry_weights(*supernet, gates, *lean);
  const at::Tensor images = random_images(3, info, at::kDouble);
  for (const bool training : {false, true}) {
    supernet->train(training);
    lean->train(training);
    const NetworkOutput gated = supernet->forward(images, gates), plain = lean->forward(images, {});
    BOOST_TEST(distance(gated.logits, plain.logits) < 1e-9, more << " " << text);
    if (!training) continue;
    BOOST_TEST(distance(gated.auxiliary_logits, plain.auxiliary_logits) < 1e-9);
    loss_of(gated, 0.4).backward();
    loss_of(plain, 0.4).backward();
  }
  std::map<std::string, at::Tensor> expected;
  for (const NamedTensor& one : supernet->parameters()) expected[one.name] = one.tensor.grad();
  size_t compared = 0;
  for (const NamedTensor& one : lean->parameters()) {
    const bool is_norm = one.name.find("norm") != std::string::npos;
    if (is_norm && expected.count(one.name) == 0) continue;  // candidate_affine is none
    BOOST_TEST_REQUIRE(expected.count(one.name) == 1U, one.name);
    const at::Tensor wanted = expected[one.name], found = one.tensor.grad();
    BOOST_TEST_REQUIRE(wanted.defined() == found.defined(), one.name);
    if (!wanted.defined()) continue;
    double error = distance(wanted, found);
    if (is_norm && one.name.find("node") != std::string::npos)
      error = std::min({error, distance(wanted, found.mul(0.7)), distance(wanted, found.mul(-1.3))});
    BOOST_TEST(error < 1e-8, one.name);
    ++compared;
  }
  BOOST_TEST(compared > 20U);
  for (const NamedTensor& one : supernet->buffers())
    for (const NamedTensor& other : lean->buffers())
      if (one.name == other.name) BOOST_TEST(distance(one.tensor, other.tensor) < 1e-12, one.name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(lean_equals_gated) {
  const std::string operations = std::string(R"("distinct_inputs": false, "operations": )") + kEveryOperation;
  const std::vector<std::string> variants{operations,
                                          operations + R"(, "extra_batch_norm": false)",
                                          operations + R"(, "candidate_affine": "none")",
                                          operations + R"(, "candidate_affine": "trained", "gate_weights": "keep")",
                                          operations + R"(, "share_cells": false)",
                                          operations + R"(, "stem": "imagenet", "extra_batch_norm": false)"};
  for (const std::string& more : variants) {
    TestSpace space(small_space(more), image_set(5, 16));
    for (uint64_t seed = 1; seed <= 4; ++seed) check_lean_equals_gated(more, random_decisions(space, seed), space);
  }
}

BOOST_AUTO_TEST_CASE(lean_equals_gated_with_both_candidates_on_one_edge) {
  TestSpace space(small_space(R"("distinct_inputs": false)"), image_set(5, 16));
  check_lean_equals_gated("", {{2, 3}, {0, 1}, {4, 6}, {0, 2}, {3, 5}, {22, 26}}, space);
}

BOOST_AUTO_TEST_CASE(zero_gates_are_absorbed_exactly) {
  TestSpace space(small_space(), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 3);
  const auto supernet = space->supernet(at::kFloat);
  const auto lean = space->lean(space->architecture(decisions), at::kFloat);
  Gates gates = decided_gates(decisions, at::kFloat);
  for (size_t i = 0; i < gates.choices.size(); i += 2) gates.choices[i].weights = leaf({0, -2}, at::kFloat);
  space->carry_weights(*supernet, gates, *lean);
  const at::Tensor images = random_images(3, image_set(5, 16), at::kFloat);
  for (const bool training : {false, true}) {
    supernet->train(training);
    lean->train(training);
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
  space->carry_weights(*from, {}, *to);
  from->train(false);
  to->train(false);
  const at::Tensor images = random_images(2, image_set(5, 16), at::kFloat);
  BOOST_TEST(from->forward(images, {}).logits.equal(to->forward(images, {}).logits));
}

BOOST_AUTO_TEST_CASE(weights_without_a_source_are_refused) {
  TestSpace space(small_space(), image_set(5, 16)),
      other(small_space(R"("extra_batch_norm": false)"), image_set(5, 16));
  const Decisions decisions{{2, 7}, {2, 10}, {3, 9}, {2, 7}, {2, 10}, {3, 9}};
  const Gates gates = decided_gates(decisions, at::kFloat);
  const auto supernet = space->supernet(at::kFloat);
  const auto refusal = [&](const Network& from, const Gates& by, Network& to) -> std::string {
    try {
      space->carry_weights(from, by, to);
    } catch (const Error& e) {
      BOOST_TEST((e.code() == ErrorCode::kContractViolation));
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
  BOOST_TEST(contains(refusal(*lean, {}, *another), "has no place in the network that shall take it"));
  BOOST_TEST(contains(refusal(*lean, {}, *supernet), "expected a lean one"));
  TestSpace wide(R"({"channels": 6, "cells": 3, "nodes": 3})", image_set(5, 16));
  const auto wider = wide->lean(space->architecture(decisions), at::kFloat);
  BOOST_TEST(contains(refusal(*supernet, gates, *wider), "has shape"));
}

}  // namespace dha::cell
