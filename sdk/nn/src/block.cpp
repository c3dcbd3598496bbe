#include "dha/nn/block.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/relu6.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <utility>

#include "dha/error.hpp"
#include "dha/nn/cost.hpp"

namespace dha::nn {

namespace {

using Kind = Layer::Kind;

constexpr double kMomentum = 0.1;

at::Tensor drawn(at::IntArrayRef sizes, int64_t fan_in, const at::TensorOptions& options, at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return at::empty(sizes, options).uniform_(-bound, bound, std::move(generator)).set_requires_grad(true);
}

at::Tensor drawn_kernel(const Layer& layer, Initialization initialization, const at::TensorOptions& options,
                        at::Generator generator) {
  const int64_t in = layer.in / layer.groups, area = layer.kernel[0] * layer.kernel[1];
  const std::array<int64_t, 4> sizes{layer.out, in, layer.kernel[0], layer.kernel[1]};
  if (initialization == Initialization::kUniformFanIn) return drawn(sizes, in * area, options, std::move(generator));
  const double deviation = std::sqrt(2 / static_cast<double>(layer.out * area));
  return at::empty(sizes, options).normal_(0, deviation, std::move(generator)).set_requires_grad(true);
}

at::Tensor widened(const Layer& layer, const at::Tensor& x) {
  const at::Tensor pixels = x.slice(2, 0, std::nullopt, layer.stride[0]).slice(3, 0, std::nullopt, layer.stride[1]);
  const int64_t zeros = (layer.out - layer.in) / 2;
  return at::constant_pad_nd(pixels, {0, 0, 0, 0, zeros, zeros}).contiguous(x.suggest_memory_format());
}

bool is_unpadded_pointwise(const Layer& layer) {
  return layer.groups == 1 && layer.kernel == Pair{1, 1} && layer.padding == Pair{0, 0};
}

at::Tensor convolve(const Layer& layer, const at::Tensor& x, const at::Tensor& weight) {
  const Pair dilation{layer.dilation, layer.dilation};
  if (is_depthwise(layer)) return ops::depthwise_convolution(x, weight, layer.stride, layer.padding, dilation);
  if (is_unpadded_pointwise(layer)) return ops::pointwise_convolution(x, weight, layer.stride);
  return at::conv2d(x, weight, {}, layer.stride, layer.padding, dilation, layer.groups);
}

// `values`: of one channel.
void require_several_values(int64_t values, const std::string& block) {
  if (values > 1) return;
  throw Error(ErrorCode::kInvalidParameter,
              "block '" + block +
                  "' cannot normalise a training batch of one image with features of one pixel, since a channel has a "
                  "single value; train with a batch_size of 2 or more");
}

}  // namespace

Block::Block(BlockPlan plan, const at::TensorOptions& options, at::Generator generator) : plan_(std::move(plan)) {
  for (const Layer& layer : plan_.layers) {
    Weights weights;
    const int64_t in = layer.in;
    if (layer.kind == Kind::kConvolution) {
      weights.weight = drawn_kernel(layer, plan_.initialization, options, generator);
    } else if (layer.kind == Kind::kFactorizedReduce) {
      weights.weight = drawn({layer.out / 2, in, 1, 1}, in, options, generator);
      weights.second = drawn({layer.out - layer.out / 2, in, 1, 1}, in, options, generator);
    } else if (layer.kind == Kind::kLinear) {
      weights.weight = drawn({layer.out, in}, in, options, generator);
      weights.second = drawn({layer.out}, in, options, generator);
    } else if (layer.kind == Kind::kBatchNorm) {
      if (layer.affine) {
        weights.weight = at::ones({layer.out}, options).set_requires_grad(true);
        weights.second = at::zeros({layer.out}, options).set_requires_grad(true);
      }
      weights.running_mean = at::zeros({layer.out}, options);
      weights.running_var = at::ones({layer.out}, options);
    }
    weights_.push_back(std::move(weights));
  }
}

at::Tensor Block::run(Features& input, const RunMode& mode, const at::Tensor& gate) const {
  if (is_identity()) return input.value();
  at::Tensor x = input.value();
  const bool fuses = ops::has_native_kernel(x);
  for (size_t i = 0; i < plan_.layers.size();) {
    const size_t end = fuses ? end_of_stages(i) : i;
    if (end > i) {
      x = run_stages(i, end, x, mode, gate);
      i = end;
      continue;
    }
    if (fuses && is_rectified_reduction(i)) {
      x = ops::factorized_reduction(x, weights_[i + 1].weight, weights_[i + 1].second, /*rectify=*/true);
      i += 2;
      continue;
    }
    const bool is_shared = i == 0 && plan_.layers[0].kind == Kind::kRelu;
    x = is_shared ? input.rectified() : run_layer(i, x, mode, gate_at(i, gate));
    ++i;
  }
  return x;
}

const at::Tensor& Block::gate_at(size_t index, const at::Tensor& gate) const {
  static const at::Tensor none;
  return index + 1 == plan_.layers.size() ? gate : none;
}

bool Block::is_rectified_reduction(size_t begin) const {
  return begin + 1 < plan_.layers.size() && plan_.layers[begin].kind == Kind::kRelu &&
         plan_.layers[begin + 1].kind == Kind::kFactorizedReduce;
}

size_t Block::end_of_stages(size_t begin) const {
  const auto is = [this](size_t i, Kind kind) { return i < plan_.layers.size() && plan_.layers[i].kind == kind; };
  size_t end = begin;
  while (is(end, Kind::kRelu)) {
    size_t i = end + 1;
    if (is(i, Kind::kConvolution) && is_depthwise(plan_.layers[i])) ++i;
    if (!is(i, Kind::kConvolution) || !is_pointwise(plan_.layers[i]) || !is(i + 1, Kind::kBatchNorm)) break;
    if (end > begin && plan_.layers[i + 1].epsilon != plan_.layers[end - 1].epsilon) break;
    end = i + 2;
  }
  return end;
}

at::Tensor Block::run_stages(size_t begin, size_t end, const at::Tensor& x, const RunMode& mode,
                             const at::Tensor& gate) const {
  std::vector<ops::Stage> stages;
  Pair size{x.size(2), x.size(3)};
  for (size_t i = begin; i < end; ++i) {
    const Layer& layer = plan_.layers[i];
    size = size_after(layer, size);
    if (layer.kind == Kind::kRelu) stages.emplace_back();
    ops::Stage& stage = stages.back();
    if (layer.kind == Kind::kConvolution && is_depthwise(layer)) {
      stage.depthwise = weights_[i].weight;
      stage.stride = layer.stride;
      stage.padding = layer.padding;
      stage.dilation = {layer.dilation, layer.dilation};
    } else if (layer.kind == Kind::kConvolution) {
      stage.pointwise = weights_[i].weight;
    } else if (layer.kind == Kind::kBatchNorm) {
      if (mode.batch_statistics) require_several_values(x.size(0) * size[0] * size[1], plan_.name);
      stage.norm = norm(i, mode, gate_at(i, gate));
    }
  }
  return ops::rectified_separable(x, stages, {mode.batch_statistics, kMomentum, plan_.layers[end - 1].epsilon});
}

at::Tensor Block::run_layer(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const {
  const Layer& layer = plan_.layers[index];
  const Weights& weights = weights_[index];
  switch (layer.kind) {
    case Kind::kRelu:
      return rectify(index, x);
    case Kind::kRelu6:
      return at::relu6(x);
    case Kind::kConvolution:
      return convolve(layer, x, weights.weight);
    case Kind::kFactorizedReduce:
      return ops::factorized_reduction(x, weights.weight, weights.second, /*rectify=*/false);
    case Kind::kBatchNorm:
      return normalise(index, x, mode, gate);
    case Kind::kMaxPool:
      return ops::max_pool(x, layer.kernel, layer.stride, layer.padding);
    case Kind::kAveragePool:
      return ops::average_pool(x, layer.kernel, layer.stride, layer.padding);
    case Kind::kGlobalAveragePool:
      return at::mean(x, {2, 3});
    case Kind::kWiden:
      return widened(layer, x);
    case Kind::kLinear:
      return at::linear(x.flatten(1), weights.weight, weights.second);
  }
  return x;
}

// In place behind a convolution or batch norm, whose backward passes do not read their output.
at::Tensor Block::rectify(size_t index, const at::Tensor& x) const {
  const bool may_overwrite = index > 0 && (plan_.layers[index - 1].kind == Kind::kConvolution ||
                                           plan_.layers[index - 1].kind == Kind::kBatchNorm);
  return may_overwrite ? at::Tensor(x).relu_() : at::relu(x);
}

at::Tensor Block::normalise(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const {
  if (mode.batch_statistics) require_several_values(x.size(0) * x.size(2) * x.size(3), plan_.name);
  return ops::batch_norm(x, norm(index, mode, gate), {mode.batch_statistics, kMomentum, plan_.layers[index].epsilon});
}

ops::Norm Block::norm(size_t index, const RunMode& mode, const at::Tensor& gate) const {
  const Weights& weights = weights_[index];
  ops::Norm norm{weights.weight, weights.second, {}, {}};
  if (gate.defined()) {
    norm.weight = norm.weight.defined()
                      ? norm.weight * gate
                      : gate.to(weights.running_mean.scalar_type()).expand(weights.running_mean.sizes()).contiguous();
    if (norm.bias.defined()) norm.bias = norm.bias * gate;
  }
  if (mode.batch_statistics && !mode.update_statistics) return norm;
  norm.running_mean = weights.running_mean;
  norm.running_var = weights.running_var;
  return norm;
}

void Block::list(std::vector<NamedTensor>& parameters, std::vector<NamedTensor>& buffers) const {
  for (size_t i = 0; i < weights_.size(); ++i) {
    const Layer& layer = plan_.layers[i];
    const Weights& weights = weights_[i];
    const std::string prefix = plan_.name + (plan_.name.empty() ? "" : ".") + layer.name;
    const bool reduces = layer.kind == Kind::kFactorizedReduce;
    if (weights.weight.defined()) parameters.push_back({prefix + (reduces ? "1.weight" : ".weight"), weights.weight});
    if (weights.second.defined()) parameters.push_back({prefix + (reduces ? "2.weight" : ".bias"), weights.second});
    if (weights.running_mean.defined()) {
      buffers.push_back({prefix + ".running_mean", weights.running_mean});
      buffers.push_back({prefix + ".running_var", weights.running_var});
    }
  }
}

void Block::train_affine(bool trained) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (plan_.layers[i].kind != Kind::kBatchNorm || !plan_.layers[i].affine) continue;
    weights_[i].weight.set_requires_grad(trained);
    weights_[i].second.set_requires_grad(trained);
  }
}

void Block::absorb(const at::Tensor& factor) {
  const at::NoGradGuard no_grad;
  weights_.back().weight.mul_(factor);
  weights_.back().second.mul_(factor);
}

void Block::use_channels_last() {
  const at::NoGradGuard no_grad;
  for (const Weights& weights : weights_)
    for (const at::Tensor& tensor : {weights.weight, weights.second})
      if (tensor.defined() && tensor.dim() == 4 && !tensor.is_contiguous(at::MemoryFormat::ChannelsLast))
        tensor.set_data(tensor.detach().contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace dha::nn
