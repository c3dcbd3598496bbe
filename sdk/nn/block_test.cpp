// Blocks against the operators of LibTorch, their weights, gates and statistics.
#include "dha/nn/block.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/relu6.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "dha/error.hpp"
#include "nn_testing.hpp"

namespace dha::nn {
namespace {

constexpr RunMode kTraining{true, true}, kFixedStatistics{true, false}, kEvaluation{false, false};

using Weights = std::map<std::string, at::Tensor>;

at::Tensor norm_by(const Weights& w, const std::string& name, const at::Tensor& x, bool training,
                   double epsilon = 1e-5) {
  const auto optional = [&](const std::string& part) {
    const auto found = w.find(name + part);
    return found == w.end() ? at::Tensor() : found->second;
  };
  return at::batch_norm(x, optional(".weight"), optional(".bias"), w.at(name + ".running_mean"),
                        w.at(name + ".running_var"), training, 0.1, epsilon, false);
}

struct Reference {
  BlockPlan plan;
  std::function<at::Tensor(const Weights&, const at::Tensor& x, bool training)> run;
};

// Of an input with 6 channels and 9 x 8 px.
std::vector<Reference> references() {
  std::vector<Reference> all;
  all.push_back(
      {{"separable",
        {relu(), depthwise("depthwise", 6, 5, 2, 1), convolution("pointwise", 6, 10, {1, 1}), batch_norm("norm", 10)}},
       [](const Weights& w, const at::Tensor& x, bool training) {
         at::Tensor y = at::conv2d(at::relu(x), w.at("separable.depthwise.weight"), {}, {2, 2}, {2, 2}, 1, 6);
         y = at::conv2d(y, w.at("separable.pointwise.weight"));
         return norm_by(w, "separable.norm", y, training);
       }});
  all.push_back(
      {{"mobile",
        {convolution("expand", 6, 18, {1, 1}), batch_norm("norm1", 18), relu6(), depthwise("depthwise", 18, 3, 1),
         batch_norm("norm2", 18, false), relu6(), convolution("project", 18, 6, {1, 1}), batch_norm("norm3", 6)}},
       [](const Weights& w, const at::Tensor& x, bool training) {
         at::Tensor y = at::conv2d(x, w.at("mobile.expand.weight"));
         y = at::relu6(norm_by(w, "mobile.norm1", y, training));
         y = at::conv2d(y, w.at("mobile.depthwise.weight"), {}, 1, 1, 1, 18);
         y = at::relu6(norm_by(w, "mobile.norm2", y, training));
         y = at::conv2d(y, w.at("mobile.project.weight"));
         return norm_by(w, "mobile.norm3", y, training);
       }});
  all.push_back(
      {{"pools",
        {relu(), max_pool({3, 3}, {2, 2}, {1, 1}), relu(), average_pool({3, 3}, {1, 1}, {1, 1}),
         convolution("conv", 6, 4, {3, 1}, {1, 1}, {1, 0}), relu(), global_average_pool(), linear("linear", 4, 3)}},
       [](const Weights& w, const at::Tensor& x, bool) {
         at::Tensor y = at::relu(at::max_pool2d(at::relu(x), {3, 3}, {2, 2}, {1, 1}));
         y = at::avg_pool2d(y, {3, 3}, {1, 1}, {1, 1}, false, /*count_include_pad=*/false);
         y = at::relu(at::conv2d(y, w.at("pools.conv.weight"), {}, 1, {1, 0}));
         return at::linear(y.mean({2, 3}), w.at("pools.linear.weight"), w.at("pools.linear.bias"));
       }});
  // ReLU reads its output in the backward pass, so that the second one must not overwrite it.
  all.push_back(
      {{"rectified", {relu(), relu()}}, [](const Weights&, const at::Tensor& x, bool) { return at::relu(x); }});
  // The other pixels are taken away beforehand: oneDNN's strided 1x1 convolution damages the heap here (block.cpp).
  const auto every_other = [](const at::Tensor& x, int64_t first) {
    return x.slice(2, first, std::nullopt, 2).slice(3, first, std::nullopt, 2).contiguous();
  };
  all.push_back({{"shortcut", {convolution("conv", 6, 5, {1, 1}, {2, 2})}},
                 [every_other](const Weights& w, const at::Tensor& x, bool) {
                   return at::conv2d(every_other(x, 0), w.at("shortcut.conv.weight"));
                 }});
  // The other epsilon keeps the halves from being computed together.
  all.push_back({{"epsilons",
                  {relu(), convolution("conv1", 6, 4, {1, 1}), batch_norm("norm1", 4), relu(),
                   convolution("conv2", 4, 5, {1, 1}), batch_norm("norm2", 5, true, 0.5)}},
                 [](const Weights& w, const at::Tensor& x, bool training) {
                   at::Tensor y =
                       norm_by(w, "epsilons.norm1", at::conv2d(at::relu(x), w.at("epsilons.conv1.weight")), training);
                   y = at::conv2d(at::relu(y), w.at("epsilons.conv2.weight"));
                   return norm_by(w, "epsilons.norm2", y, training, 0.5);
                 }});
  all.push_back({{"widen", {widen(6, 10, 2)}}, [every_other](const Weights&, const at::Tensor& x, bool) {
                   const at::Tensor kept = every_other(x, 0);
                   const at::Tensor zeros = kept.new_zeros({kept.size(0), 2, kept.size(2), kept.size(3)});
                   return at::cat({zeros, kept, zeros}, 1);
                 }});
  // The second convolution reads pixels (1, 1), (1, 3), …; the odd height is extended by a row of zeros.
  all.push_back(
      {{"reduce", {factorized_reduce("conv", 6, 7)}}, [every_other](const Weights& w, const at::Tensor& x, bool) {
         const at::Tensor padded = at::cat({x, x.new_zeros({x.size(0), x.size(1), 1, x.size(3)})}, 2);
         return at::cat({at::conv2d(every_other(x, 0), w.at("reduce.conv1.weight")),
                         at::conv2d(every_other(padded, 1), w.at("reduce.conv2.weight"))},
                        1);
       }});
  return all;
}

// Gives normalisations other weights and statistics than 1 and 0.
void perturb(const Block& block) {
  const at::NoGradGuard no_grad;
  const auto generator = at::detail::createCPUGenerator(21);
  for (const auto& list : {parameters_of(block), buffers_of(block)})
    for (const NamedTensor& one : list)
      if (one.tensor.dim() == 1) one.tensor.uniform_(0.5, 1.5, generator);
}

// Copies of a block's tensors, which stand where the block stood.
Weights weights_of(const Block& block) {
  Weights copies;
  for (const NamedTensor& one : parameters_of(block))
    copies[one.name] = one.tensor.detach().clone().set_requires_grad(true);
  for (const NamedTensor& one : buffers_of(block)) copies[one.name] = one.tensor.clone();
  return copies;
}

void check(const Reference& reference, bool channels_last, bool training) {
  const Block block = built(reference.plan);
  perturb(block);
  const Weights weights = weights_of(block);
  at::Tensor images = random_tensor({3, 6, 9, 8});
  if (channels_last) images = images.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor ours = images.clone().requires_grad_(true), theirs = images.clone().requires_grad_(true);
  const at::Tensor found = run(block, ours, training ? kTraining : kEvaluation);
  const at::Tensor expected = reference.run(weights, theirs, training);
  BOOST_TEST(relative_distance(found, expected) < 1e-12);
  const at::Tensor directions = random_tensor(expected.sizes(), at::kDouble, 9);
  found.mul(directions).sum().backward();
  expected.mul(directions).sum().backward();
  BOOST_TEST(relative_distance(ours.grad(), theirs.grad()) < 1e-11);
  for (const NamedTensor& one : parameters_of(block))
    BOOST_TEST(relative_distance(one.tensor.grad(), weights.at(one.name).grad()) < 1e-11, one.name);
  for (const NamedTensor& one : buffers_of(block))
    BOOST_TEST(relative_distance(one.tensor, weights.at(one.name)) < 1e-12, one.name);
}

const BlockPlan kNormed{"b", {relu(), convolution("conv", 4, 4, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", 4)}};

std::vector<std::string> names(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> all;
  for (const NamedTensor& one : tensors) all.push_back(one.name);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block)

BOOST_AUTO_TEST_CASE(blocks_compute_what_libtorch_does) {
  for (const Reference& reference : references())
    for (const bool channels_last : {false, true})
      for (const bool training : {false, true}) {
        BOOST_TEST_CONTEXT(reference.plan.name << " " << channels_last << " " << training) {
          check(reference, channels_last, training);
        }
      }
}

BOOST_AUTO_TEST_CASE(tensors_are_listed_under_the_names_of_block_and_layer) {
  const Block block = built({"cells.0.x",
                             {factorized_reduce("reduce", 4, 6), batch_norm("norm", 6), relu(),
                              batch_norm("plain", 6, false), global_average_pool(), linear("linear", 6, 2)}});
  const std::vector<std::string> parameters{"cells.0.x.reduce1.weight", "cells.0.x.reduce2.weight",
                                            "cells.0.x.norm.weight",    "cells.0.x.norm.bias",
                                            "cells.0.x.linear.weight",  "cells.0.x.linear.bias"};
  const std::vector<std::string> buffers{"cells.0.x.norm.running_mean", "cells.0.x.norm.running_var",
                                         "cells.0.x.plain.running_mean", "cells.0.x.plain.running_var"};
  BOOST_TEST(names(parameters_of(block)) == parameters, boost::test_tools::per_element());
  BOOST_TEST(names(buffers_of(block)) == buffers, boost::test_tools::per_element());
}

// Uniform in ±1/sqrt(fan-in), in the layers' order, from the given generator and no other.
BOOST_AUTO_TEST_CASE(weights_are_drawn_in_order) {
  const at::Generator generator = at::detail::createCPUGenerator(7);
  const Block block =
      built({"b", {convolution("conv", 4, 6, {3, 3}), batch_norm("norm", 6), linear("linear", 6, 2)}}, at::kDouble, 7);
  const auto expected = [&](at::IntArrayRef sizes, double fan_in) {
    const double bound = 1 / std::sqrt(fan_in);
    return at::empty(sizes, at::kDouble).uniform_(-bound, bound, generator);
  };
  const std::vector<NamedTensor> parameters = parameters_of(block);
  BOOST_TEST(named(parameters, "b.conv.weight").equal(expected({6, 4, 3, 3}, 36)));
  BOOST_TEST(named(parameters, "b.linear.weight").equal(expected({2, 6}, 6)));
  BOOST_TEST(named(parameters, "b.linear.bias").equal(expected({2}, 6)));
  BOOST_TEST(named(parameters, "b.norm.weight").eq(1).all().item<bool>());
  BOOST_TEST(named(parameters, "b.norm.bias").eq(0).all().item<bool>());
  for (const NamedTensor& one : parameters) BOOST_TEST(one.tensor.requires_grad(), one.name);
}

// Normal with variance 2/fan-out, whatever the groups.
BOOST_AUTO_TEST_CASE(kernels_can_be_drawn_by_fan_out) {
  const Block block = built({"",
                             {convolution("conv", 4, 6, {3, 3}), depthwise("depthwise", 6, 5, 1), linear("fc", 6, 2)},
                             Initialization::kNormalFanOut},
                            at::kDouble, 7);
  const at::Generator generator = at::detail::createCPUGenerator(7);
  const std::vector<NamedTensor> parameters = parameters_of(block);
  const auto normal = [&](at::IntArrayRef sizes, double fan_out) {
    return at::empty(sizes, at::kDouble).normal_(0, std::sqrt(2 / fan_out), generator);
  };
  BOOST_TEST(named(parameters, "conv.weight").equal(normal({6, 4, 3, 3}, 54)));
  BOOST_TEST(named(parameters, "depthwise.weight").equal(normal({6, 1, 5, 5}, 150)));
  BOOST_TEST(named(parameters, "fc.weight").abs().max().item<double>() <= 1 / std::sqrt(6.0));
}

BOOST_AUTO_TEST_CASE(an_identity_returns_its_input) {
  const at::Tensor x = random_tensor({2, 4, 3, 3});
  const Block identity = built({"b", {}});
  BOOST_TEST(identity.is_identity());
  BOOST_TEST(run(identity, x, kTraining).is_same(x));
}

BOOST_AUTO_TEST_CASE(blocks_share_the_relu_that_they_begin_with_and_spare_their_input) {
  const at::Tensor x = random_tensor({2, 4, 5, 5}), before = x.clone();
  Features features(x);
  const at::Tensor rectified = features.rectified();
  BOOST_TEST(rectified.equal(at::relu(before)));
  BOOST_TEST(features.rectified().is_same(rectified));
  const Block only_relu = built({"b", {relu()}});
  BOOST_TEST(only_relu.run(features, kTraining).is_same(rectified));
  built(kNormed).run(features, kTraining);
  BOOST_TEST(x.equal(before));
  BOOST_TEST(rectified.equal(at::relu(before)));
}

BOOST_AUTO_TEST_CASE(statistics_move_only_where_asked) {
  const Block block = built(kNormed);
  const at::Tensor x = random_tensor({3, 4, 5, 5});
  const Weights before = weights_of(block);
  const at::Tensor fixed = run(block, x, kFixedStatistics);
  for (const NamedTensor& one : buffers_of(block)) BOOST_TEST(one.tensor.equal(before.at(one.name)), one.name);
  BOOST_TEST(run(block, x, kTraining).equal(fixed));
  for (const NamedTensor& one : buffers_of(block)) BOOST_TEST(!one.tensor.equal(before.at(one.name)), one.name);
  BOOST_TEST(relative_distance(run(block, x, kEvaluation), fixed) > 1e-3);
}

BOOST_AUTO_TEST_CASE(a_gate_scales_the_last_batch_norm_and_can_be_absorbed) {
  for (const bool channels_last : {false, true})
    for (const bool affine : {false, true}) {
      BlockPlan plan = kNormed;
      plan.layers.back().affine = affine;
      Block block = built(plan);
      perturb(block);
      at::Tensor x = random_tensor({3, 4, 5, 5});
      if (channels_last) x = x.contiguous(at::MemoryFormat::ChannelsLast);
      const at::Tensor gate = at::empty({}, at::kDouble).fill_(-0.7).set_requires_grad(true);
      const at::Tensor expected = run(block, x, kFixedStatistics).mul(-0.7);
      const at::Tensor gated = run(block, x, kFixedStatistics, gate);
      BOOST_TEST(relative_distance(gated, expected) < 1e-12);
      gated.square().sum().backward();
      // d/dg of g^2 s is 2 s g.
      BOOST_TEST(std::abs(gate.grad().item<double>() - 2 * expected.square().sum().item<double>() / -0.7) < 1e-9);
      if (!affine) continue;
      block.absorb(gate);
      BOOST_TEST(relative_distance(run(block, x, kFixedStatistics), expected) < 1e-12);
    }
}

BOOST_AUTO_TEST_CASE(affine_weights_can_be_frozen) {
  Block block = built(kNormed);
  block.train_affine(false);
  for (const NamedTensor& one : parameters_of(block))
    BOOST_TEST(one.tensor.requires_grad() == (one.name == "b.conv.weight"), one.name);
  block.train_affine(true);
  for (const NamedTensor& one : parameters_of(block)) BOOST_TEST(one.tensor.requires_grad(), one.name);
}

BOOST_AUTO_TEST_CASE(channels_last_weights_keep_their_identity) {
  Block block = built(kNormed);
  const at::Tensor weight = named(parameters_of(block), "b.conv.weight"), before = weight.detach().clone();
  block.use_channels_last();
  BOOST_TEST(weight.is_contiguous(at::MemoryFormat::ChannelsLast));
  BOOST_TEST(weight.equal(before));
  BOOST_TEST(weight.requires_grad());
  BOOST_TEST(named(parameters_of(block), "b.conv.weight").is_same(weight));
}

BOOST_AUTO_TEST_CASE(a_single_value_per_channel_is_refused) {
  const Block block = built({"b", {global_average_pool(), linear("linear", 4, 4)}});
  const Block norm = built({"c", {relu(), convolution("conv", 4, 4, {1, 1}), batch_norm("norm", 4)}});
  const at::Tensor one = random_tensor({1, 4, 1, 1});
  for (const at::Tensor& x : {one, one.contiguous(at::MemoryFormat::ChannelsLast)}) {
    BOOST_CHECK_NO_THROW(run(block, x, kTraining));
    BOOST_CHECK_NO_THROW(run(norm, x, kEvaluation));
    BOOST_CHECK_EXCEPTION(run(norm, x, kTraining), Error, [](const Error& e) {
      return e.code() == ErrorCode::kInvalidParameter &&
             std::string(e.what()).find("block 'c' cannot normalise") != std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
