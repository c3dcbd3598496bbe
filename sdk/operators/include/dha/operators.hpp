// Operators of convolutional networks for the CPU, faster than LibTorch's in channels_last, with their gradients.
//
// A space's network calls these functions in the place of LibTorch's; link Dha::operators. They do the work themselves
// where x is a channels_last tensor of float or double on the CPU, and call LibTorch's operators for everything else:
// another device, type or memory format, an empty batch, autocast, a gradient that shall have a gradient, and where the
// switch is off. Both compute the same up to rounding. Their own results do not depend on the number of threads; they
// may differ in the last bits between machines of different instruction sets. [any thread]
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#if defined(DHA_OPERATORS_BUILDING)
#define DHA_OPERATORS_API __attribute__((visibility("default")))
#else
#define DHA_OPERATORS_API
#endif

namespace dha::ops {

using Pair = std::array<int64_t, 2>;  // height, width

// The switch: on, unless the environment variable DHA_OPERATORS is "libtorch". Holds for forward passes that begin
// afterwards, in the whole process. With "avx2" or "baseline" there the operators use no later instruction set.
DHA_OPERATORS_API bool enabled();
DHA_OPERATORS_API void enable(bool on);

// Whether x is a tensor that these operators work on themselves, as far as x alone tells: a caller that shares what it
// computes among LibTorch's operators (a ReLU that several read) may want to know.
DHA_OPERATORS_API bool has_native_kernel(const at::Tensor& x);

// The weights of a batch norm, each (C); weight and bias are undefined where it is not affine, running statistics where
// none are kept. Training updates those in place, as LibTorch does: the variance without bias.
struct Norm {
  at::Tensor weight, bias, running_mean, running_var;
};

// Whether batch norms use the batch's statistics, and their constants.
struct NormMode {
  bool training = true;
  double momentum = 0.1;
  double epsilon = 1e-5;
};

// ReLU, a depthwise convolution, a pointwise one and a batch norm: half of a separable convolution. Without
// `depthwise`, stride is 1: ReLU, 1x1 convolution, batch norm.
struct Stage {
  at::Tensor depthwise;  // (C, 1, kernel height, kernel width), or undefined
  Pair stride{1, 1}, padding{0, 0}, dilation{1, 1};
  at::Tensor pointwise;  // (out, C, 1, 1)
  Norm norm;
};

// x: (N, C, H, W). Stages in a row, computed together: what lies between the layers of a stage is not kept for the
// backward pass but computed again, and ReLU takes no pass of its own. In training each batch norm needs two values a
// channel, or LibTorch throws. Returns (N, out, H', W').
DHA_OPERATORS_API at::Tensor rectified_separable(const at::Tensor& x, const std::vector<Stage>& stages,
                                                 const NormMode& mode);

// x: (N, C, H, W), weight: (C, 1, kernel height, kernel width). As conv2d with C groups and without bias.
DHA_OPERATORS_API at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride,
                                                   Pair padding, Pair dilation);

// x: (N, C, H, W).
DHA_OPERATORS_API at::Tensor batch_norm(const at::Tensor& x, const Norm& norm, const NormMode& mode);

// x: (N, C, H, W), weight: (out, C, 1, 1). LibTorch's conv2d, past a fault of oneDNN with a stride.
DHA_OPERATORS_API at::Tensor pointwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride);

// x: (N, C, H, W); even: (out, C, 1, 1), odd: (out', C, 1, 1). Two 1x1 convolutions of stride 2 side by side, of
// ReLU(x) where `rectify`: `even` of the pixels in even rows and columns, counted from 0, `odd` of those in odd ones
// (FactorizedReduce; Liu et al. 2019). An odd side is extended by zeros. Returns (N, out + out', ceil(H/2), ceil(W/2)).
DHA_OPERATORS_API at::Tensor factorized_reduction(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd,
                                                  bool rectify);

// x: (N, C, H, W); padding is at most half a kernel and counts as minus infinity.
DHA_OPERATORS_API at::Tensor max_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);

// The mean over the part of a window that lies within the image.
DHA_OPERATORS_API at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);

// For a tensor (N, C, H, W) that several operators read: the same values, whose gradients these operators add in one
// place instead of each writing its own. Gradients of the result itself (hooks, torch::autograd::grad) are incomplete;
// ask for those of x. Returns x where nothing is gained.
DHA_OPERATORS_API at::Tensor shared(const at::Tensor& x);

// Concatenates (N, C_i, H, W) to (N, sum of C_i, H, W), which is shared. Gradients of parts that are shared are added
// in their slice of the result's gradient. At least one part.
DHA_OPERATORS_API at::Tensor join_channels(const std::vector<at::Tensor>& parts);

}  // namespace dha::ops
