// CPU operators of convolutional networks with their gradients, faster than LibTorch's in channels_last.
//
// A space's network calls these functions instead of LibTorch's; link Dha::operators. Their own kernels run if x is a
// channels_last tensor of float or double on the CPU. They call LibTorch's operators in all other cases: another
// device, type or memory format, an empty batch, autocast, higher-order gradients, and when the switch is off. Both
// give the same results up to rounding. The results of their own kernels do not depend on the number of threads; they
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

// The switch: on, unless the environment variable DHA_OPERATORS is "libtorch". A change applies to later forward passes
// of the whole process. With DHA_OPERATORS "avx2" or "baseline", the operators use no later instruction set.
DHA_OPERATORS_API bool enabled();
DHA_OPERATORS_API void enable(bool on);

// Whether these operators have their own kernel for x, judged by x alone, for callers that share results among
// LibTorch's operators (such as a ReLU that several operators read).
DHA_OPERATORS_API bool has_native_kernel(const at::Tensor& x);

// The weights of a batch norm, each (C); weight and bias are undefined if it is not affine, running statistics if none
// are kept. Training updates the running statistics in place, as LibTorch does, with the unbiased variance.
struct Norm {
  at::Tensor weight, bias, running_mean, running_var;
};

// Whether batch norms use the batch's statistics, and their constants.
struct NormMode {
  bool training = true;
  double momentum = 0.1;
  double epsilon = 1e-5;
};

// ReLU, depthwise convolution, pointwise convolution and batch norm: half of a separable convolution. Without
// `depthwise`, stride is 1: ReLU, 1x1 convolution, batch norm.
struct Stage {
  at::Tensor depthwise;  // (C, 1, kernel height, kernel width), or undefined
  Pair stride{1, 1}, padding{0, 0}, dilation{1, 1};
  at::Tensor pointwise;  // (out, C, 1, 1)
  Norm norm;
};

// x: (N, C, H, W). Consecutive stages, computed together: the backward pass recomputes the values between the layers of
// a stage instead of keeping them, and ReLU takes no separate pass. In training each batch norm needs at least two
// values per channel; otherwise LibTorch throws. Returns (N, out, H', W').
DHA_OPERATORS_API at::Tensor rectified_separable(const at::Tensor& x, const std::vector<Stage>& stages,
                                                 const NormMode& mode);

// x: (N, C, H, W), weight: (C, 1, kernel height, kernel width). Like conv2d with C groups and without bias.
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

// The mean over the part of a window inside the image.
DHA_OPERATORS_API at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);

// For a tensor (N, C, H, W) that several operators read: the same values, whose gradients these operators add in one
// place instead of each writing its own. Gradients of the result itself (hooks, torch::autograd::grad) are incomplete;
// ask for those of x. Returns x where nothing is gained.
DHA_OPERATORS_API at::Tensor shared(const at::Tensor& x);

// Concatenates (N, C_i, H, W) to (N, sum of C_i, H, W), which is shared. Gradients of parts that are shared are added
// in their slice of the result's gradient. At least one part.
DHA_OPERATORS_API at::Tensor join_channels(const std::vector<at::Tensor>& parts);

}  // namespace dha::ops
