#include "block.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "dha/error.hpp"

namespace dha::cell {

namespace {

using Kind = Layer::Kind;

constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

at::Tensor drawn(at::IntArrayRef sizes, int64_t fan_in, const at::TensorOptions& options, at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return at::empty(sizes, options).uniform_(-bound, bound, std::move(generator)).set_requires_grad(true);
}

// Two 1x1 convolutions of stride 2, the second on the pixels at odd places. An odd side is extended by a row of zeros,
// so that both see the same number of pixels.
at::Tensor factorized_reduce(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd) {
  const int64_t extra_rows = x.size(2) % 2, extra_columns = x.size(3) % 2;
  const at::Tensor padded =
      extra_rows + extra_columns > 0 ? at::constant_pad_nd(x, {0, extra_columns, 0, extra_rows}) : x;
  const at::Tensor shifted = padded.slice(2, 1).slice(3, 1);
  return at::cat({at::conv2d(x, even, {}, {2, 2}), at::conv2d(shifted, odd, {}, {2, 2})}, 1);
}

void require_several_values(const at::Tensor& x, const std::string& block) {
  if (x.numel() > x.size(1)) return;
  throw Error(ErrorCode::kInvalidParameter,
              "block '" + block +
                  "' of the cell network cannot normalise a training batch of one image with features of " +
                  "one pixel, since a channel has a single value; train with a batch_size of 2 or more");
}

}  // namespace

const at::Tensor& Features::rectified() {
  if (!rectified_.defined()) rectified_ = at::relu(value_);
  return rectified_;
}

Block::Block(const BlockPlan& plan, const at::TensorOptions& options, at::Generator generator) : plan_(plan) {
  for (const Layer& layer : plan.layers) {
    Weights weights;
    const int64_t in = layer.in / layer.groups, area = layer.kernel[0] * layer.kernel[1];
    if (layer.kind == Kind::kConvolution) {
      weights.weight = drawn({layer.out, in, layer.kernel[0], layer.kernel[1]}, in * area, options, generator);
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
  const bool starts_with_relu = plan_.layers[0].kind == Kind::kRelu;
  at::Tensor x = starts_with_relu ? input.rectified() : input.value();
  const size_t last = plan_.layers.size() - 1;
  for (size_t i = starts_with_relu ? 1 : 0; i <= last; ++i) x = run_layer(i, x, mode, i == last ? gate : at::Tensor());
  return x;
}

at::Tensor Block::run_layer(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const {
  const Layer& layer = plan_.layers[index];
  const Weights& weights = weights_[index];
  switch (layer.kind) {
    case Kind::kRelu:
      return at::Tensor(x)
          .relu_();  // behind a convolution or batch norm, whose backward passes do not read their output
    case Kind::kConvolution:
      return at::conv2d(x, weights.weight, {}, layer.stride, layer.padding, {layer.dilation, layer.dilation},
                        layer.groups);
    case Kind::kFactorizedReduce:
      return factorized_reduce(x, weights.weight, weights.second);
    case Kind::kBatchNorm:
      return batch_norm(index, x, mode, gate);
    case Kind::kMaxPool:
      return at::max_pool2d(x, layer.kernel, layer.stride, layer.padding);
    case Kind::kAveragePool:
      return at::avg_pool2d(x, layer.kernel, layer.stride, layer.padding, /*ceil_mode=*/false,
                            /*count_include_pad=*/false);
    case Kind::kGlobalAveragePool:
      return at::mean(x, {2, 3});
    case Kind::kLinear:
      return at::linear(x.flatten(1), weights.weight, weights.second);
  }
  return x;
}

at::Tensor Block::batch_norm(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const {
  const Weights& weights = weights_[index];
  if (mode.training) require_several_values(x, plan_.name);
  at::Tensor weight = weights.weight, bias = weights.second;
  if (gate.defined()) {
    weight = weight.defined() ? weight * gate : gate.to(weights.running_mean.scalar_type()).expand({x.size(1)});
    if (bias.defined()) bias = bias * gate;
  }
  const bool keeps_statistics = !mode.training || mode.update_statistics;
  return at::batch_norm(x, weight, bias, keeps_statistics ? weights.running_mean : at::Tensor(),
                        keeps_statistics ? weights.running_var : at::Tensor(), mode.training, kMomentum, kEpsilon,
                        /*cudnn_enabled=*/true);
}

bool Block::ends_in_batch_norm() const { return !is_identity() && plan_.layers.back().kind == Kind::kBatchNorm; }

void Block::list(std::vector<NamedTensor>& parameters, std::vector<NamedTensor>& buffers) const {
  for (size_t i = 0; i < weights_.size(); ++i) {
    const Layer& layer = plan_.layers[i];
    const Weights& weights = weights_[i];
    const std::string prefix = plan_.name + "." + layer.name;
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

}  // namespace dha::cell
