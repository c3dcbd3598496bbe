#include "dha/nn/cost.hpp"

namespace dha::nn {

namespace {

using Kind = Layer::Kind;

int64_t weights_of_convolution(const Layer& layer) {
  return layer.in / layer.groups * layer.out * layer.kernel[0] * layer.kernel[1];
}

}  // namespace

Pair size_after(const Layer& layer, Pair size) {
  for (size_t i = 0; i < 2; ++i) {
    if (layer.kind == Kind::kFactorizedReduce) size[i] = (size[i] + 1) / 2;
    if (layer.kind == Kind::kGlobalAveragePool) size[i] = 1;
    if (layer.kind == Kind::kConvolution || layer.kind == Kind::kMaxPool || layer.kind == Kind::kAveragePool ||
        layer.kind == Kind::kWiden)
      size[i] = (size[i] + 2 * layer.padding[i] - layer.dilation * (layer.kernel[i] - 1) - 1) / layer.stride[i] + 1;
  }
  return size;
}

Pair size_after(const Layers& layers, Pair size) {
  for (const Layer& layer : layers) size = size_after(layer, size);
  return size;
}

int64_t parameters(const Layers& layers) {
  int64_t count = 0;
  for (const Layer& layer : layers) {
    if (layer.kind == Kind::kConvolution) count += weights_of_convolution(layer);
    if (layer.kind == Kind::kFactorizedReduce) count += layer.in * layer.out;
    if (layer.kind == Kind::kBatchNorm && layer.affine) count += 2 * layer.out;
    if (layer.kind == Kind::kLinear) count += (layer.in + 1) * layer.out;
  }
  return count;
}

int64_t multiply_adds(const Layers& layers, Pair size) {
  int64_t count = 0;
  for (const Layer& layer : layers) {
    size = size_after(layer, size);
    if (layer.kind == Kind::kConvolution) count += size[0] * size[1] * weights_of_convolution(layer);
    if (layer.kind == Kind::kFactorizedReduce) count += size[0] * size[1] * layer.in * layer.out;
    if (layer.kind == Kind::kLinear) count += layer.in * layer.out;
  }
  return count;
}

Pair CostCounter::add(const Layers& layers, Pair size) {
  parameters_ += parameters(layers);
  multiply_adds_ += multiply_adds(layers, size);
  return size_after(layers, size);
}

Quantities CostCounter::quantities() const {
  return {{quantity::kParameters, static_cast<double>(parameters_)},
          {quantity::kMultiplyAdds, static_cast<double>(multiply_adds_)}};
}

}  // namespace dha::nn
