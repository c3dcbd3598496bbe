// Stages of separable convolutions, and a depthwise convolution alone, without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/operators.hpp"

namespace dha::ops {

struct SeparableOutput {
  at::Tensor y;
  std::vector<at::Tensor> z, statistics;  // of each stage: the batch norm's input, (N, out, H', W'), and Statistics
};
SeparableOutput separable_forward(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode);

// Undefined where not asked for.
struct StageGradients {
  at::Tensor depthwise, pointwise, weight, bias;
};
struct SeparableGradients {
  at::Tensor x;
  std::vector<StageGradients> stages;
};

// `gradient`: of y, channels_last. `saved`: what separable_forward returned in training; its y is not read. Computes
// the gradients of those weights that require one.
SeparableGradients separable_backward(const at::Tensor& gradient, const at::Tensor& x, const std::vector<Stage>& stages,
                                      const SeparableOutput& saved, bool needs_x);

struct DepthwiseGradients {
  at::Tensor x, weight;
};
at::Tensor depthwise_forward(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding, Pair dilation);
DepthwiseGradients depthwise_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight,
                                      Pair stride, Pair padding, Pair dilation, bool needs_x, bool needs_weight);

}  // namespace dha::ops
