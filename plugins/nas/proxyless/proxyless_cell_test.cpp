// An update of scores on the network of dha.cell against one that executes every candidate.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "../cell/test_space.hpp"
#include "dha/nas/adam.hpp"
#include "proxyless_searcher.hpp"
#include "support/complete_params.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/network_services.hpp"

namespace {

using namespace dha;
using cell::TestSpace;
using proxyless::ProxylessSearcher;

bool has(const std::vector<int64_t>& list, int64_t value) { return std::count(list.begin(), list.end(), value) > 0; }

// dL/dg of all candidates, with the path's at 1 and the others executed at 0.
std::vector<at::Tensor> executed_gradients(Network& network, const Gates& path, const std::vector<Choice>& choices,
                                           const test::LabelledImages& batch) {
  Gates all;
  for (size_t i = 0; i < choices.size(); ++i) {
    ChoiceGates gates;
    std::vector<double> weights;
    for (int64_t k = 0; k < static_cast<int64_t>(choices[i].candidates.size()); ++k) {
      gates.active.push_back(k);
      weights.push_back(has(path.choices[i].active, k) ? 1 : 0);
    }
    gates.weights = cell::leaf(weights, at::kDouble);
    all.choices.push_back(std::move(gates));
  }
  test::cross_entropy(network.forward(batch.images, all).logits, batch.labels).backward();
  std::vector<at::Tensor> gradients;
  for (const ChoiceGates& choice : all.choices) gradients.push_back(choice.weights.grad());
  return gradients;
}

// The gradient of one draw after another, in one graph: those whose input is drawn take no part in the second. As the
// order of the draws is not known, the update must be that of one of the two orders in each choice.
at::Tensor of_draws(const Choice& choice, const at::Tensor& scores, const at::Tensor& of_gates, int64_t first) {
  const at::Tensor leaf = scores.detach().clone().requires_grad_(true);
  at::Tensor closed = at::zeros(scores.sizes(), at::kDouble);
  for (int64_t k = 0; k < scores.numel(); ++k)
    if (choice.candidates[static_cast<size_t>(k)].input == choice.candidates[static_cast<size_t>(first)].input)
      closed.select(0, k).fill_(-std::numeric_limits<double>::infinity());
  const at::Tensor loss = at::softmax(leaf, 0).mul(of_gates).sum() + at::softmax(leaf + closed, 0).mul(of_gates).sum();
  loss.backward();
  return leaf.grad();
}

BOOST_AUTO_TEST_CASE(an_update_equals_executing_every_candidate) {
  const DatasetInfo info = cell::image_set(5, 16);
  TestSpace space(R"({"channels": 4, "cells": 4, "nodes": 2, "candidate_affine": "none", "auxiliary_weight": 0})",
                  info);
  const auto network = space->supernet(at::kDouble);
  const test::LabelledImages batch{
      cell::random_images(4, info, at::kDouble),
      at::randint(5, {4}, at::detail::createCPUGenerator(2), at::TensorOptions(at::kLong))};
  test::NetworkServices real(*network, batch, {batch});
  test::TestContext context(3);
  ProxylessSearcher searcher(
      test::complete_params<ProxylessSearcher>(R"({"warm_up_epochs": 0, "architecture_interval": 1})"), context);
  test::FakeStage stage;
  searcher.attach(*space.space, stage);
  Gates path;
  test::FakeSearchServices services;
  services.on_evaluate = [&](const Gates& gates, const EvaluationRequest& request) {
    path = gates;
    return real.evaluate(gates, request);
  };
  nas::Adam adam({1e-3, 0, 0.999, 0, 1e-8});
  at::Tensor expected = searcher.scores().clone();
  adam.reset(expected);
  for (int step = 0; step < 3; ++step) {
    const at::Tensor before = searcher.scores().clone();
    searcher.before_step(services);
    network->set_mode({true, false, 0, true});
    const std::vector<at::Tensor> of_gates = executed_gradients(*network, path, space->choices(), batch);
    std::vector<at::Tensor> gradients;
    int64_t offset = 0;
    for (size_t i = 0; i < of_gates.size(); ++i) {
      const auto count = of_gates[i].numel();
      const at::Tensor scores = before.narrow(0, offset, count);
      // Adam's first average is the gradient itself, so its direction tells the order of the draws.
      const at::Tensor a = of_draws(space->choices()[i], scores, of_gates[i], path.choices[i].active[0]);
      const at::Tensor b = of_draws(space->choices()[i], scores, of_gates[i], path.choices[i].active[1]);
      const at::Tensor found = searcher.state().tensors.at("adam.average").narrow(0, offset, count);
      const double to_a = cell::distance(found, a), to_b = cell::distance(found, b);
      BOOST_TEST(std::min(to_a, to_b) < 1e-10 * a.abs().max().item<double>());
      BOOST_TEST(std::max(to_a, to_b) > 1e-6 * a.abs().max().item<double>());
      gradients.push_back(to_a < to_b ? a : b);
      offset += count;
    }
    adam.step(expected, at::cat(gradients));
    BOOST_TEST(cell::distance(searcher.scores(), expected) < 1e-9);
  }
}

}  // namespace
