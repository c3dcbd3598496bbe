// Max and average pooling without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/operators.hpp"
#include "pixels.hpp"

namespace dha::ops {

struct MaxPoolOutput {
  at::Tensor y;
  at::Tensor tap;  // byte (N, C, H', W'), channels_last: where in the window the maximum lies
};
MaxPoolOutput max_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);
// `gradient`: has a pitch. The gradient of x goes to `x_gradient`, which is defined.
void max_pool_backward(const at::Tensor& gradient, const at::Tensor& tap, Pair kernel, Pair stride, Pair padding,
                       const GradientTarget& x_gradient);

at::Tensor average_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);
void average_pool_backward(const at::Tensor& gradient, Pair kernel, Pair stride, Pair padding,
                           const GradientTarget& x_gradient);

}  // namespace dha::ops
