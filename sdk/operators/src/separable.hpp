// Stages of separable convolutions, and a depthwise convolution alone, without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/operators.hpp"
#include "pixels.hpp"

namespace dha::ops {

struct SeparableOutput {
  at::Tensor y;
  std::vector<at::Tensor> z, statistics;  // of each stage: the batch norm's input, (N, out, H', W'), and Statistics
};
SeparableOutput separable_forward(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode);

// Undefined if not asked for.
struct StageGradients {
  at::Tensor depthwise, pointwise, weight, bias;
};

// `gradient`: of y, has a pitch. `saved`: what separable_forward returned in training; its y is not read. Computes the
// gradients of those weights that require one, one entry per stage. The gradient of x goes to `x_gradient`.
std::vector<StageGradients> separable_backward(const at::Tensor& gradient, const at::Tensor& x,
                                               const std::vector<Stage>& stages, const SeparableOutput& saved,
                                               const GradientTarget& x_gradient);

at::Tensor depthwise_forward(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding, Pair dilation);
// Returns the gradient of the weight, undefined where not needed.
at::Tensor depthwise_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, Pair stride,
                              Pair padding, Pair dilation, const GradientTarget& x_gradient, bool needs_weight);

}  // namespace dha::ops
