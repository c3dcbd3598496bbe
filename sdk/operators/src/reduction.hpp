// FactorizedReduce without autograd: two 1x1 convolutions of stride 2, side by side.
#pragma once

#include <ATen/core/Tensor.h>

#include "pixels.hpp"

namespace dha::ops {

// Arguments and result as of factorized_reduction().
at::Tensor reduction_forward(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify);

// Undefined where not needed.
struct ReductionGradients {
  at::Tensor even, odd;
};
// `gradient`: has a pitch. The gradient of x goes to `x_gradient`.
ReductionGradients reduction_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& even,
                                      const at::Tensor& odd, bool rectify, const GradientTarget& x_gradient,
                                      bool needs_weights);

}  // namespace dha::ops
