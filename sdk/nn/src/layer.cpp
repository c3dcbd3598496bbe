#include "dha/nn/layer.hpp"

#include <utility>

namespace dha::nn {

namespace {

using Kind = Layer::Kind;

Layer without_weights(Kind kind) {
  Layer layer;
  layer.kind = kind;
  return layer;
}

Layer pool(Kind kind, Pair kernel, Pair stride, Pair padding) { return {kind, "", 0, 0, kernel, stride, padding}; }

}  // namespace

bool BlockPlan::ends_in_batch_norm() const { return !layers.empty() && layers.back().kind == Kind::kBatchNorm; }

bool is_depthwise(const Layer& layer) {
  return layer.groups > 1 && layer.groups == layer.in && layer.groups == layer.out;
}

bool is_pointwise(const Layer& layer) {
  return layer.groups == 1 && layer.kernel == Pair{1, 1} && layer.stride == Pair{1, 1} && layer.padding == Pair{0, 0};
}

Layer relu() { return without_weights(Kind::kRelu); }

Layer relu6() { return without_weights(Kind::kRelu6); }

Layer convolution(std::string name, int64_t in, int64_t out, Pair kernel, Pair stride, Pair padding) {
  return {Kind::kConvolution, std::move(name), in, out, kernel, stride, padding};
}

Layer depthwise(std::string name, int64_t channels, int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t padding = dilation * (kernel / 2);
  Layer layer =
      convolution(std::move(name), channels, channels, {kernel, kernel}, {stride, stride}, {padding, padding});
  layer.dilation = dilation;
  layer.groups = channels;
  return layer;
}

Layer factorized_reduce(std::string name, int64_t in, int64_t out) {
  return {Kind::kFactorizedReduce, std::move(name), in, out, {1, 1}, {2, 2}, {0, 0}};
}

Layer batch_norm(std::string name, int64_t channels, bool affine, double epsilon) {
  Layer layer{Kind::kBatchNorm, std::move(name), channels, channels};
  layer.affine = affine;
  layer.epsilon = epsilon;
  return layer;
}

Layer max_pool(Pair kernel, Pair stride, Pair padding) { return pool(Kind::kMaxPool, kernel, stride, padding); }

Layer average_pool(Pair kernel, Pair stride, Pair padding) { return pool(Kind::kAveragePool, kernel, stride, padding); }

Layer global_average_pool() { return without_weights(Kind::kGlobalAveragePool); }

Layer widen(int64_t in, int64_t out, int64_t stride) { return {Kind::kWiden, "", in, out, {1, 1}, {stride, stride}}; }

Layer linear(std::string name, int64_t in, int64_t out) { return {Kind::kLinear, std::move(name), in, out}; }

}  // namespace dha::nn
