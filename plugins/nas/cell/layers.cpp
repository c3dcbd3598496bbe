#include "layers.hpp"

#include <utility>

namespace dha::cell {

namespace {

using nn::batch_norm, nn::convolution, nn::depthwise, nn::relu;
using nn::Layer, nn::Layers, nn::Pair;

constexpr int64_t kAuxiliaryNarrow = 128;
constexpr int64_t kAuxiliaryWide = 768;

Layers pool_layers(Layer pool, int64_t channels, ExtraNorm extra_norm, bool affine) {
  Layers layers{std::move(pool)};
  if (extra_norm != ExtraNorm::kNone) layers.push_back(batch_norm("norm", channels, affine));
  return layers;
}

Layers reduce_layers(int64_t in, int64_t out, bool affine) {
  return {relu(), nn::factorized_reduce("conv", in, out), batch_norm("norm", out, affine)};
}

Layers separable_layers(int64_t channels, int64_t kernel, int64_t stride, bool affine) {
  return {relu(),
          depthwise("depthwise1", channels, kernel, stride),
          convolution("pointwise1", channels, channels, {1, 1}),
          batch_norm("norm1", channels, affine),
          relu(),
          depthwise("depthwise2", channels, kernel, 1),
          convolution("pointwise2", channels, channels, {1, 1}),
          batch_norm("norm2", channels, affine)};
}

Layers dilated_layers(int64_t channels, int64_t kernel, int64_t stride, bool affine) {
  return {relu(), depthwise("depthwise", channels, kernel, stride, 2),
          convolution("pointwise", channels, channels, {1, 1}), batch_norm("norm", channels, affine)};
}

// Kernel, stride and padding that bring `side` to 2.
struct PoolSide {
  int64_t kernel, stride, padding;
};

PoolSide halving_pool(int64_t side) {
  if (side == 1) return {2, 1, 1};  // both windows hold the one pixel, since padding is not counted
  return {(side + 1) / 2, side / 2, 0};
}

Layer auxiliary_pool(Pair size) {
  const auto published = [](int64_t side) { return side == 7 || side == 8; };
  if (published(size[0]) && published(size[1])) return nn::average_pool({5, 5}, {size[0] - 5, size[1] - 5});
  const PoolSide vertical = halving_pool(size[0]), horizontal = halving_pool(size[1]);
  return nn::average_pool({vertical.kernel, horizontal.kernel}, {vertical.stride, horizontal.stride},
                          {vertical.padding, horizontal.padding});
}

}  // namespace

Layers operation_layers(Operation operation, int64_t channels, int64_t stride, ExtraNorm extra_norm, bool affine) {
  switch (operation) {
    case Operation::kNone:
      return {};
    case Operation::kMaxPool3x3:
      return pool_layers(nn::max_pool({3, 3}, {stride, stride}, {1, 1}), channels, extra_norm, affine);
    case Operation::kAveragePool3x3:
      return pool_layers(nn::average_pool({3, 3}, {stride, stride}, {1, 1}), channels, extra_norm, affine);
    case Operation::kSkipConnect:
      if (stride == 2) return reduce_layers(channels, channels, affine);
      if (extra_norm == ExtraNorm::kPoolsAndSkips) return {batch_norm("norm", channels, affine)};
      return {};
    case Operation::kSeparable3x3:
      return separable_layers(channels, 3, stride, affine);
    case Operation::kSeparable5x5:
      return separable_layers(channels, 5, stride, affine);
    case Operation::kSeparable7x7:
      return separable_layers(channels, 7, stride, affine);
    case Operation::kDilated3x3:
      return dilated_layers(channels, 3, stride, affine);
    case Operation::kDilated5x5:
      return dilated_layers(channels, 5, stride, affine);
    case Operation::kConvolution7x1And1x7:
      return {relu(), convolution("conv1", channels, channels, {1, 7}, {1, stride}, {0, 3}),
              convolution("conv2", channels, channels, {7, 1}, {stride, 1}, {3, 0}),
              batch_norm("norm", channels, affine)};
  }
  return {};
}

Layers preprocess_layers(int64_t in, int64_t out, bool reduce, bool affine) {
  if (reduce) return reduce_layers(in, out, affine);
  return {relu(), convolution("conv", in, out, {1, 1}), batch_norm("norm", out, affine)};
}

Layers cifar_stem_layers(int64_t in, int64_t out) {
  return {convolution("conv", in, out, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", out)};
}

Layers imagenet_stem0_layers(int64_t in, int64_t out) {
  return {convolution("conv1", in, out / 2, {3, 3}, {2, 2}, {1, 1}), batch_norm("norm1", out / 2), relu(),
          convolution("conv2", out / 2, out, {3, 3}, {2, 2}, {1, 1}), batch_norm("norm2", out)};
}

Layers imagenet_stem1_layers(int64_t channels) {
  return {relu(), convolution("conv", channels, channels, {3, 3}, {2, 2}, {1, 1}), batch_norm("norm", channels)};
}

Layers auxiliary_layers(int64_t in, Pair size, bool last_batch_norm, int64_t classes) {
  Layers layers{relu(),
                auxiliary_pool(size),
                convolution("conv1", in, kAuxiliaryNarrow, {1, 1}),
                batch_norm("norm1", kAuxiliaryNarrow),
                relu(),
                convolution("conv2", kAuxiliaryNarrow, kAuxiliaryWide, {2, 2})};
  if (last_batch_norm) layers.push_back(batch_norm("norm2", kAuxiliaryWide));
  layers.push_back(relu());
  layers.push_back(nn::linear("linear", kAuxiliaryWide, classes));
  return layers;
}

Layers classifier_layers(int64_t in, int64_t classes) {
  return {nn::global_average_pool(), nn::linear("linear", in, classes)};
}

}  // namespace dha::cell
