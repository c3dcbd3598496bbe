// Supernet and lean network: what is executed, equality after carrying weights, observed candidates, drop path.
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>

#include "dha/error.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

const char* const kEveryOperation = R"(["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
  "sep_conv_5x5", "sep_conv_7x7", "dil_conv_3x3", "dil_conv_5x5", "conv_7x1_1x7"])";

std::string params(const std::string& more = "") {
  return R"({"channels": 4, "cells": 3, "nodes": 3)" + (more.empty() ? "" : ", " + more) + "}";
}

at::Tensor loss_of(const NetworkOutput& output, double auxiliary_weight) {
  const auto pick = [](const at::Tensor& logits) {
    const at::Tensor directions = at::empty(logits.sizes(), logits.options().requires_grad(false))
                                      .normal_(0, 1, at::detail::createCPUGenerator(5));
    return logits.mul(directions).sum();
  };
  const at::Tensor loss = pick(output.logits);
  return output.auxiliary_logits.defined() ? loss.add(pick(output.auxiliary_logits), auxiliary_weight) : loss;
}

void perturb_weights(const Network& network) {
  const at::NoGradGuard no_grad;
  const auto generator = at::detail::createCPUGenerator(21);
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) {
      const double centre =
          one.name.find("norm") != std::string::npos && !one.name.ends_with("bias") && !one.name.ends_with("mean")
              ? 1.0
              : 0.0;
      if (one.tensor.dim() == 1) at::Tensor(one.tensor).uniform_(centre - 0.3, centre + 0.3, generator);
    }
}

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

Decisions random_decisions(const TestSpace& space, uint64_t seed) {
  return space->decisions(space->sample(at::detail::createCPUGenerator(seed)));
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
    TestSpace space(params(more), image_set(5, 16));
    for (uint64_t seed = 1; seed <= 4; ++seed) check_lean_equals_gated(more, random_decisions(space, seed), space);
  }
}

BOOST_AUTO_TEST_CASE(lean_equals_gated_with_both_candidates_on_one_edge) {
  TestSpace space(params(R"("distinct_inputs": false)"), image_set(5, 16));
  check_lean_equals_gated("", {{2, 3}, {0, 1}, {4, 6}, {0, 2}, {3, 5}, {22, 26}}, space);
}

BOOST_AUTO_TEST_CASE(zero_gates_are_absorbed_exactly) {
  TestSpace space(params(), image_set(5, 16));
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
  TestSpace space(params(R"("extra_batch_norm": false)"), image_set(5, 16));
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
  TestSpace space(params(), image_set(5, 16)), other(params(R"("extra_batch_norm": false)"), image_set(5, 16));
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

BOOST_AUTO_TEST_CASE(only_active_candidates_are_executed) {
  TestSpace space(params(R"("candidate_affine": "trained")"), image_set(5, 16));
  const Decisions decisions{{2, 10}, {3, 9}, {4, 20}, {3, 12}, {5, 16}, {6, 24}};
  const auto supernet = space->supernet(at::kFloat);
  const Gates gates = decided_gates(decisions, at::kFloat, false);
  loss_of(supernet->forward(random_images(2, image_set(5, 16), at::kFloat), gates), 0.4).backward();
  const auto lean = space->lean(space->architecture(decisions), at::kFloat);
  std::map<std::string, at::Tensor> executed;
  for (const NamedTensor& one : lean->parameters()) executed[one.name] = one.tensor;
  size_t with_gradient = 0;
  for (const NamedTensor& one : supernet->parameters()) {
    BOOST_TEST(one.tensor.grad().defined() == (executed.count(one.name) == 1), one.name);
    with_gradient += one.tensor.grad().defined() ? 1 : 0;
  }
  BOOST_TEST(with_gradient == executed.size());
  for (const NamedTensor& one : supernet->buffers()) {
    const bool untouched = one.name.ends_with("running_mean") && one.tensor.abs().max().item<float>() == 0;
    const std::string weight = one.name.substr(0, one.name.rfind('.')) + ".weight";
    if (one.name.ends_with("running_mean")) BOOST_TEST(untouched == (executed.count(weight) == 0), one.name);
  }
  for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.grad().abs().min().item<float>() > 0);
}

BOOST_AUTO_TEST_CASE(affine_weights_are_frozen_until_their_choice_is_decided) {
  TestSpace space(params(), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 1);
  const auto supernet = space->supernet(at::kFloat);
  Gates gates = decided_gates(decisions, at::kFloat, false);
  const at::Tensor images = random_images(2, image_set(5, 16), at::kFloat);
  const auto trained_affine = [&](const std::string& node) {
    size_t trained = 0, all = 0;
    for (const NamedTensor& one : supernet->parameters()) {
      if (one.name.find(node) == std::string::npos || one.name.find(".norm") == std::string::npos) continue;
      trained += one.tensor.requires_grad() ? 1 : 0;
      ++all;
    }
    BOOST_TEST(all > 10U);
    return trained == 0 ? 0 : trained == all ? 1 : -1;
  };
  supernet->forward(images, gates);
  for (const char* node : {"cells.0.node0.", "cells.0.node1.", "cells.1.node0."}) BOOST_TEST(trained_affine(node) == 0);
  gates.choices[0].frozen = true;  // normal.node0: cell 0 is the only normal cell of three
  supernet->forward(images, gates);
  BOOST_TEST(trained_affine("cells.0.node0.") == 1);
  BOOST_TEST(trained_affine("cells.0.node1.") == 0);
  BOOST_TEST(trained_affine("cells.1.node0.") == 0);
  gates.choices[3].frozen = true;
  supernet->forward(images, gates);
  BOOST_TEST(trained_affine("cells.1.node0.") == 1);
  BOOST_TEST(trained_affine("cells.2.node0.") == 1);
}

BOOST_AUTO_TEST_CASE(observed_gradients_equal_executing_the_candidates) {
  const std::string operations =
      std::string(R"("cells": 4, "candidate_affine": "trained", "operations": )") + kEveryOperation;
  for (const bool norm : {true, false}) {
    for (const bool training : {true, false}) {
      TestSpace space(R"({"channels": 4, "nodes": 2, )" + operations + (norm ? "}" : R"(, "extra_batch_norm": false})"),
                      image_set(5, 16));
      const auto supernet = space->supernet(at::kDouble);
      perturb_weights(*supernet);
      supernet->train(training);
      const at::Tensor images = random_images(3, image_set(5, 16), at::kDouble);
      Gates observing, executing;
      for (const Choice& choice : space->choices()) {
        ChoiceGates observed{{4, 13}, leaf({0.8, -0.5}, at::kDouble), {}, false};
        ChoiceGates executed{{}, {}, {}, false};
        std::vector<double> weights;
        for (int64_t k = 0; k < static_cast<int64_t>(choice.candidates.size()); ++k) {
          executed.active.push_back(k);
          weights.push_back(k == 4 ? 0.8 : k == 13 ? -0.5 : 0);
          if (k != 4 && k != 13) observed.observed.push_back(k);
        }
        std::reverse(observed.observed.begin(), observed.observed.end());
        executed.weights = leaf(weights, at::kDouble);
        observing.choices.push_back(observed);
        executing.choices.push_back(executed);
      }
      std::map<std::string, at::Tensor> statistics;
      for (const NamedTensor& one : supernet->buffers()) statistics[one.name] = one.tensor.clone();
      loss_of(supernet->forward(images, observing), 0.4).backward();
      const std::vector<at::Tensor> observed = supernet->observed_gradients();
      for (const NamedTensor& one : supernet->buffers()) {
        const bool runs = one.name.find("node") == std::string::npos ||
                          one.name.find("from0.sep_conv_3x3") != std::string::npos ||
                          one.name.find("from1.skip_connect") != std::string::npos;
        BOOST_TEST(statistics[one.name].equal(one.tensor) == !(runs && training), one.name);
      }
      loss_of(supernet->forward(images, executing), 0.4).backward();
      for (size_t i = 0; i < observed.size(); ++i)
        for (size_t k = 0; k < observing.choices[i].observed.size(); ++k) {
          const int64_t candidate = observing.choices[i].observed[k];
          const double expected = executing.choices[i].weights.grad()[candidate].item<double>();
          const double found = observed[i][static_cast<int64_t>(k)].item<double>();
          BOOST_TEST(std::abs(found - expected) < 1e-9 * std::max(1.0, std::abs(expected)),
                     "choice " << i << ", candidate " << candidate << ": " << found << ", expected " << expected);
        }
    }
  }
}

BOOST_AUTO_TEST_CASE(gate_gradients_equal_finite_differences) {
  TestSpace space(params(R"("extra_batch_norm": false)"), image_set(5, 16));
  const auto supernet = space->supernet(at::kDouble);
  const at::Tensor images = random_images(3, image_set(5, 16), at::kDouble);
  Gates gates = decided_gates(random_decisions(space, 8), at::kDouble, false);
  const auto loss_at = [&] { return loss_of(supernet->forward(images, gates), 0.4); };
  loss_at().backward();
  constexpr double kStep = 1e-6;
  for (ChoiceGates& choice : gates.choices)
    for (int64_t k = 0; k < 2; ++k) {
      const at::NoGradGuard no_grad;
      choice.weights[k].add_(kStep);
      const double above = loss_at().item<double>();
      choice.weights[k].sub_(2 * kStep);
      const double below = loss_at().item<double>();
      choice.weights[k].add_(kStep);
      const double expected = (above - below) / (2 * kStep);
      BOOST_TEST(std::abs(choice.weights.grad()[k].item<double>() - expected) <
                 1e-5 * std::max(1.0, std::abs(expected)));
    }
}

BOOST_AUTO_TEST_CASE(drop_path_keeps_the_mean_and_spares_the_identity) {
  // Nodes of a single cell that add a pool to the identity: the pool of a sample counts 1 / keep times or not at all.
  const std::string architecture = R"({"normal": [["avg_pool_3x3", 0], ["skip_connect", 0]], "normal_concat": [2],
    "reduce": [["none", 0], ["none", 1]], "reduce_concat": [2]})";
  TestSpace space(R"({"channels": 2, "cells": 1, "extra_batch_norm": false})", image_set(3, 4));
  const auto network = space->lean(architecture, at::kDouble);
  constexpr int64_t kBatch = 4000;
  const at::Tensor images = random_images(1, image_set(3, 4), at::kDouble).expand({kBatch, 3, 4, 4}).contiguous();
  const at::NoGradGuard no_grad;
  const at::Tensor whole = network->forward(images, {}).logits;
  network->set_drop_path(0.25);
  const at::Tensor dropped = network->forward(images, {}).logits;
  // All samples are alike, so there are two different rows only, and their frequencies are 1/4 and 3/4.
  const at::Tensor is_first = dropped.sub(dropped[0]).abs().amax(1).lt(1e-9);
  const int64_t first = is_first.sum().item<int64_t>();
  const at::Tensor others = dropped.index({is_first.logical_not()});
  BOOST_TEST(distance(others, others[0].expand_as(others)) < 1e-9);
  const double share = static_cast<double>(first) / kBatch;
  BOOST_TEST((std::abs(share - 0.25) < 0.03 || std::abs(share - 0.75) < 0.03), "share " << share);
  // Logits are affine in the node's sum, so that the expected logits are those without drop path.
  const at::Tensor mean =
      share < 0.5 ? dropped[0].mul(0.25).add(others[0], 0.75) : dropped[0].mul(0.75).add(others[0], 0.25);
  BOOST_TEST(distance(mean, whole[0]) < 1e-9);
  BOOST_TEST(distance(dropped[0], others[0]) > 1e-3);
  network->train(false);
  BOOST_TEST(distance(network->forward(images, {}).logits, network->forward(images, {}).logits) == 0);
}

BOOST_AUTO_TEST_CASE(drop_path_spares_a_bare_identity_and_drops_a_normalised_one) {
  const std::string architecture = R"({"normal": [["skip_connect", 0], ["skip_connect", 1]], "normal_concat": [2],
    "reduce": [["none", 0], ["none", 1]], "reduce_concat": [2]})";
  const at::Tensor images = random_images(8, image_set(3, 4), at::kDouble);
  for (const bool norm : {false, true}) {
    TestSpace space(std::string(R"({"channels": 2, "cells": 1, "extra_batch_norm": )") + (norm ? "true}" : "false}"),
                    image_set(3, 4));
    const auto network = space->lean(architecture, at::kDouble);
    const at::Tensor whole = network->forward(images, {}).logits;
    network->set_drop_path(0.5);
    BOOST_TEST((distance(network->forward(images, {}).logits, whole) > 1e-3) == norm);
  }
}

BOOST_AUTO_TEST_CASE(networks_repeat_with_the_seed) {
  const auto logits = [](uint64_t seed) {
    TestSpace space(params(), image_set(5, 16), seed);
    const Gates gates = decided_gates(random_decisions(space, 1), at::kFloat);
    const auto supernet = space->supernet(at::kFloat);
    supernet->set_drop_path(0.3);
    return supernet->forward(random_images(4, image_set(5, 16), at::kFloat), gates).logits.detach();
  };
  BOOST_TEST(logits(1).equal(logits(1)));
  BOOST_TEST(!logits(1).equal(logits(2)));
}

BOOST_AUTO_TEST_CASE(weights_are_drawn_as_pytorch_draws_them) {
  TestSpace space(R"({"channels": 16, "cells": 3})", image_set(100, 32));
  const auto network = space->supernet(at::kFloat);
  for (const NamedTensor& one : network->parameters()) {
    if (one.name.find("norm") != std::string::npos) {
      BOOST_TEST(one.tensor.eq(one.name.ends_with(".weight") ? 1 : 0).all().item<bool>(), one.name);
      continue;
    }
    const bool is_bias = one.name.ends_with(".bias");
    const at::Tensor matrix =
        is_bias ? named(network->parameters(), one.name.substr(0, one.name.size() - 4) + "weight") : one.tensor;
    const double bound = 1 / std::sqrt(static_cast<double>(matrix[0].numel()));
    BOOST_TEST(one.tensor.abs().max().item<double>() <= bound, one.name);
    if (one.tensor.numel() > 1000)
      BOOST_TEST(std::abs(one.tensor.std().item<double>() * std::sqrt(3.0) / bound - 1) < 0.06, one.name);
  }
}

BOOST_AUTO_TEST_CASE(channels_last_flows_through_and_weights_keep_their_identity) {
  TestSpace space(params(), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 1);
  const auto supernet = space->supernet(at::kFloat);
  supernet->train(false);
  const Gates gates = decided_gates(decisions, at::kFloat);
  const at::Tensor images = random_images(2, image_set(5, 16), at::kFloat);
  const at::Tensor stem = named(supernet->parameters(), "stem.conv.weight");
  const at::Tensor expected = supernet->forward(images, gates).logits;
  BOOST_TEST(stem.is_contiguous());
  const at::Tensor found = supernet->forward(images.contiguous(at::MemoryFormat::ChannelsLast), gates).logits;
  BOOST_TEST(distance(found, expected) < 1e-5);
  BOOST_TEST(stem.is_contiguous(at::MemoryFormat::ChannelsLast));
  BOOST_TEST(stem.requires_grad());
  BOOST_TEST(named(supernet->parameters(), "stem.conv.weight").is_same(stem));
}

BOOST_AUTO_TEST_CASE(images_of_many_sizes_train) {
  for (const int64_t cells : {1, 2, 3, 5})
    for (const int64_t side : {4, 28, 33, 64, 130}) {
      const DatasetInfo info = image_set(3, side, 1);
      TestSpace space(R"({"channels": 2, "nodes": 1, "cells": )" + std::to_string(cells) + "}", info);
      const Gates gates = decided_gates({{4, 10}, {2, 11}}, at::kFloat, false);
      const auto supernet = space->supernet(at::kFloat);
      const NetworkOutput output = supernet->forward(random_images(2, info, at::kFloat), gates);
      BOOST_TEST((output.logits.sizes() == at::IntArrayRef({2, 3})));
      BOOST_TEST((output.auxiliary_logits.sizes() == at::IntArrayRef({2, 3})));
      loss_of(output, supernet->auxiliary_weight()).backward();
      for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.grad().defined());
    }
}

BOOST_AUTO_TEST_CASE(wrong_gates_and_images_are_refused) {
  TestSpace space(params(), image_set(5, 16));
  const auto supernet = space->supernet(at::kFloat);
  const Gates gates = decided_gates(random_decisions(space, 1), at::kFloat);
  const at::Tensor images = random_images(2, image_set(5, 16), at::kFloat);
  const auto refusal = [&](const at::Tensor& given, const Gates& by) -> std::string {
    try {
      supernet->forward(given, by);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  BOOST_TEST(refusal(images, gates) == "no error");
  BOOST_TEST(refusal(random_images(2, image_set(5, 8), at::kFloat), gates) ==
             "the cell network was given images (2, 3, 8, 8), expected (N, 3, 16, 16)");
  BOOST_TEST(refusal(images, {}) == "the cell network was given gates for 0 choices, expected 6");
  Gates wrong = gates;
  wrong.choices[1].weights = leaf({1, 1, 1}, at::kFloat);
  BOOST_TEST(refusal(images, wrong) == "the gates of choice 1 have 2 active candidates, but weights of shape (3)");
  wrong = gates;
  wrong.choices[0].active[1] = 14;
  BOOST_TEST(refusal(images, wrong) == "the gates of choice 0 name active candidate 14, but there are 14");
  BOOST_TEST(refusal(images.slice(0, 0, 1), gates).find("train with a batch_size of 2 or more") != std::string::npos);
}

}  // namespace dha::cell
