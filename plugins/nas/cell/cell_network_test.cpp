// Supernet and lean network: what is executed and trained, gate gradients, drop path, image sizes, messages.
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "dha/error.hpp"
#include "dha/operators.hpp"
#include "test_space.hpp"

namespace dha::cell {

BOOST_AUTO_TEST_CASE(only_active_candidates_are_executed) {
  TestSpace space(small_space(R"("candidate_affine": "trained")"), image_set(5, 16));
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
  TestSpace space(small_space(), image_set(5, 16));
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
      supernet->set_mode(mode_of(training));
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
      for (size_t i = 0; i < observed.size(); ++i) {
        const at::Tensor all = executing.choices[i].weights.grad();
        const double scale = all.abs().max().item<double>();
        for (size_t k = 0; k < observing.choices[i].observed.size(); ++k) {
          const int64_t candidate = observing.choices[i].observed[k];
          const double expected = all[candidate].item<double>();
          const double found = observed[i][static_cast<int64_t>(k)].item<double>();
          BOOST_TEST(std::abs(found - expected) <= 1e-10 * scale,
                     "choice " << i << ", candidate " << candidate << ": " << found << ", expected " << expected);
        }
      }
    }
  }
}

// Under gates of zero the executed candidates see the same values in bf16. LibTorch sums their gates' gradients in that
// type, of 8 bits, the observed ones are summed in float.
BOOST_AUTO_TEST_CASE(observed_gradients_in_bf16_equal_executing_the_candidates) {
  TestSpace space(R"({"channels": 8, "cells": 3, "nodes": 2})", image_set(5, 16));
  const auto supernet = space->supernet(at::kFloat);
  supernet->set_mode({true, false, 0, true});
  const at::Tensor images = random_images(8, image_set(5, 16), at::kFloat);
  Gates observing, executing;
  for (size_t i = 0; i < space->choices().size(); ++i) {
    observing.choices.push_back({{2, 10}, leaf({0.8, -0.5}, at::kFloat), {0, 1, 3, 4, 5, 6, 9, 11}, false});
    executing.choices.push_back(
        {{0, 1, 2, 3, 4, 5, 6, 9, 10, 11}, leaf({0, 0, 0.8, 0, 0, 0, 0, 0, -0.5, 0}, at::kFloat), {}, false});
  }
  const auto learn = [&](const Gates& gates) {
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    const NetworkOutput output = supernet->forward(images, gates);
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
    BOOST_TEST((output.logits.scalar_type() == at::kBFloat16));
    loss_of({output.logits.to(at::kFloat), output.auxiliary_logits.to(at::kFloat)}, 0.4).backward();
  };
  learn(observing);
  const std::vector<at::Tensor> found = supernet->observed_gradients();
  learn(executing);
  for (size_t i = 0; i < found.size(); ++i) {
    const at::Tensor all = executing.choices[i].weights.grad();
    const double scale = all.abs().max().item<double>();
    BOOST_TEST((found[i].scalar_type() == at::kFloat));
    for (size_t k = 0, row = 0; k < executing.choices[i].active.size(); ++k) {
      if (k == 2 || k == 8) continue;
      const double expected = all[static_cast<int64_t>(k)].item<double>();
      const double error = std::abs(found[i][static_cast<int64_t>(row++)].item<double>() - expected);
      BOOST_TEST(error <= 0.02 * scale, "choice " << i << ", entry " << k << " is off by " << error << " of " << scale);
    }
  }
}

BOOST_AUTO_TEST_CASE(modes_say_what_runs_and_what_moves) {
  TestSpace space(small_space(), image_set(5, 16));
  const auto supernet = space->supernet(at::kFloat);
  const Gates gates = decided_gates(random_decisions(space, 1), at::kFloat);
  const at::Tensor images = random_images(3, image_set(5, 16), at::kFloat);
  std::map<std::string, at::Tensor> before;
  for (const NamedTensor& one : supernet->buffers()) before[one.name] = one.tensor.clone();
  const auto moved = [&] {
    size_t count = 0;
    for (const NamedTensor& one : supernet->buffers()) count += before.at(one.name).equal(one.tensor) ? 0 : 1;
    return count;
  };
  supernet->set_mode({true, false, 0, false});
  const NetworkOutput fixed = supernet->forward(images, gates);
  BOOST_TEST(!fixed.auxiliary_logits.defined());
  BOOST_TEST(moved() == 0U);
  supernet->set_mode({false, true, 0, true});
  const NetworkOutput by_running = supernet->forward(images, gates);
  BOOST_TEST(by_running.auxiliary_logits.defined());
  BOOST_TEST(distance(by_running.logits, fixed.logits) > 1e-3);
  BOOST_TEST(moved() == 0U);
  supernet->set_mode({true, true, 0, true});
  const NetworkOutput moving = supernet->forward(images, gates);
  BOOST_TEST(moving.auxiliary_logits.defined());
  BOOST_TEST(moving.logits.equal(fixed.logits));
  BOOST_TEST(moved() > 20U);
}

// Processes that train one network draw the same weights and other masks.
BOOST_AUTO_TEST_CASE(weights_come_from_the_shared_generator_and_masks_from_the_own) {
  TestSpace space(small_space(), image_set(5, 16));
  at::Generator own = space.context->generator(), shared = space.context->shared_generator();
  const at::Tensor own_before = own.get_state(), shared_before = shared.get_state();
  const auto supernet = space->supernet(at::kFloat);
  BOOST_TEST(own.get_state().equal(own_before));
  const at::Tensor shared_after = shared.get_state();
  BOOST_TEST(!shared_after.equal(shared_before));
  supernet->set_mode({true, true, 0.3, true});
  supernet->forward(random_images(2, image_set(5, 16), at::kFloat),
                    decided_gates(random_decisions(space, 1), at::kFloat));
  BOOST_TEST(!own.get_state().equal(own_before));
  BOOST_TEST(shared.get_state().equal(shared_after));
}

BOOST_AUTO_TEST_CASE(gate_gradients_equal_finite_differences) {
  TestSpace space(small_space(R"("extra_batch_norm": false)"), image_set(5, 16));
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
  network->set_mode({true, true, 0.25, true});
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
  network->set_mode(kEvaluation);
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
    network->set_mode({true, true, 0.5, true});
    BOOST_TEST((distance(network->forward(images, {}).logits, whole) > 1e-3) == norm);
  }
}

BOOST_AUTO_TEST_CASE(networks_repeat_with_the_seed) {
  const auto logits = [](uint64_t seed) {
    TestSpace space(small_space(), image_set(5, 16), seed);
    const Gates gates = decided_gates(random_decisions(space, 1), at::kFloat);
    const auto supernet = space->supernet(at::kFloat);
    supernet->set_mode({true, true, 0.3, true});
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

// LibTorch's operators in a training step of `network` that have a counterpart of ours; a convolution with groups is
// depthwise here.
std::set<std::string> foreign_operators(Network& network, const Gates& gates) {
  static std::set<std::string> found;
  found.clear();
  const auto begin = [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
    const std::string name = function.name();
    const bool is_depthwise = name == "aten::convolution" && function.inputs()[8].toInt() > 1;
    if (is_depthwise || name == "aten::batch_norm" || name == "aten::max_pool2d" || name == "aten::avg_pool2d")
      found.insert(name);
    return nullptr;
  };
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(begin).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  const at::Tensor images = random_images(2, image_set(5, 32), at::kFloat);
  loss_of(network.forward(images.contiguous(at::MemoryFormat::ChannelsLast), gates), 0.4).backward();
  at::removeCallback(handle);
  return found;
}

BOOST_AUTO_TEST_CASE(layers_of_channels_last_networks_are_our_operators) {
  TestSpace space(R"({"channels": 4, "cells": 3})", image_set(5, 32));
  const auto supernet = space->supernet(at::kFloat);
  const std::set<std::string> none,
      all{"aten::avg_pool2d", "aten::batch_norm", "aten::convolution", "aten::max_pool2d"};
  for (const char* name : {"darts_v2", "nsganet"})
    BOOST_TEST(foreign_operators(*space->lean(published(name), at::kFloat), {}) == none, name);
  for (uint64_t seed : {1, 2, 3, 4})
    BOOST_TEST(foreign_operators(*supernet, decided_gates(random_decisions(space, seed), at::kFloat, false)) == none);
  ops::enable(false);
  BOOST_TEST(foreign_operators(*space->lean(published("darts_v2"), at::kFloat), {}) == all);
  ops::enable(true);
}

BOOST_AUTO_TEST_CASE(channels_last_flows_through_and_weights_keep_their_identity) {
  TestSpace space(small_space(), image_set(5, 16));
  const Decisions decisions = random_decisions(space, 1);
  const auto supernet = space->supernet(at::kFloat);
  supernet->set_mode(kEvaluation);
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

// The auxiliary head reads what the last reduction cell makes, whatever its size; gates of a type of cell that a
// network lacks get zeros.
BOOST_AUTO_TEST_CASE(networks_train_wherever_their_reductions_stand) {
  const DatasetInfo info = image_set(3, 8);
  const std::vector<std::pair<const char*, std::vector<bool>>> placements{{"[]", {true, false}},
                                                                          {"[0]", {true, true}},
                                                                          {"[1]", {true, true}},
                                                                          {"[2]", {true, true}},
                                                                          {"[0, 1, 2]", {false, true}}};
  for (const auto& [positions, is_used] : placements) {
    BOOST_TEST_CONTEXT(positions) {
      TestSpace space(std::string(R"({"channels": 2, "nodes": 1, "cells": 3, "reduction_cells": )") + positions + "}",
                      info);
      const Gates gates = decided_gates({{4, 10}, {2, 11}}, at::kFloat, false);
      const auto supernet = space->supernet(at::kFloat);
      const NetworkOutput output = supernet->forward(random_images(2, info, at::kFloat), gates);
      BOOST_TEST((output.auxiliary_logits.sizes() == at::IntArrayRef({2, 3})));
      loss_of(output, supernet->auxiliary_weight()).backward();
      for (size_t i = 0; i < 2; ++i)
        BOOST_TEST(gates.choices[i].weights.grad().abs().gt(0).all().item<bool>() == is_used[i]);
      for (size_t i = 0; i < 2; ++i)
        if (!is_used[i]) BOOST_TEST(gates.choices[i].weights.grad().eq(0).all().item<bool>());
    }
  }
}

// With few channels, channels_last and a batch that does not divide among the threads, oneDNN's gradient of a strided
// 1x1 convolution damages the heap, and allocations between the steps meet the damage.
BOOST_AUTO_TEST_CASE(odd_batches_train_in_channels_last) {
  const DatasetInfo info = image_set(3, 16);
  const Gates gates = decided_gates({{2, 9}, {2, 9}}, at::kFloat);  // identities, factorised where a cell reduces
  const at::Tensor images = random_images(7, info, at::kFloat);
  for (const int64_t channels : {2, 4, 6, 8}) {
    TestSpace space(R"({"nodes": 1, "cells": 3, "channels": )" + std::to_string(channels) + "}", info);
    const auto network = space->supernet(at::kFloat);
    const auto gradients = [&](const at::Tensor& batch) {
      for (const NamedTensor& one : network->parameters()) one.tensor.mutable_grad() = at::Tensor();
      loss_of(network->forward(batch, gates), 0.4).backward();
      std::map<std::string, at::Tensor> all;
      for (const NamedTensor& one : network->parameters())
        if (one.tensor.grad().defined()) all[one.name] = one.tensor.grad();
      return all;
    };
    const auto expected = gradients(images);
    for (int step = 0; step < 20; ++step) {
      const auto found = gradients(images.contiguous(at::MemoryFormat::ChannelsLast));
      for (int64_t size = 1; size < 4000; size += 37) at::empty({size});
      for (const auto& [name, gradient] : expected)
        BOOST_TEST(distance(found.at(name), gradient) < 1e-4 * std::max(1.0, gradient.abs().max().item<double>()),
                   name);
    }
  }
}

BOOST_AUTO_TEST_CASE(wrong_gates_and_images_are_refused) {
  TestSpace space(small_space(), image_set(5, 16));
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
             "the cell network was given images [2, 3, 8, 8], expected [N, 3, 16, 16]");
  BOOST_TEST(refusal(images, {}) == "the cell network was given gates for 0 choices, expected 6");
  Gates wrong = gates;
  wrong.choices[1].weights = leaf({1, 1, 1}, at::kFloat);
  const std::string unreadable = " name a candidate that does not exist, or have no weight for each active one";
  BOOST_TEST(refusal(images, wrong) == "the gates of choice 1" + unreadable);
  wrong = gates;
  wrong.choices[0].active[1] = 14;
  BOOST_TEST(refusal(images, wrong) == "the gates of choice 0" + unreadable);
  wrong = gates;
  wrong.choices[2].observed = {-1};
  BOOST_TEST(refusal(images, wrong) == "the gates of choice 2" + unreadable);
  BOOST_TEST(refusal(images.slice(0, 0, 1), gates).find("train with a batch_size of 2 or more") != std::string::npos);
}

}  // namespace dha::cell
