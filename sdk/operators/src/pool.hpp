// Max and average pooling without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/operators.hpp"

namespace dha::ops {

struct MaxPoolOutput {
  at::Tensor y;
  at::Tensor tap;  // byte (N, C, H', W'), channels_last: where in the window the maximum lies
};
MaxPoolOutput max_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);
at::Tensor max_pool_backward(const at::Tensor& gradient, const at::Tensor& tap, at::IntArrayRef x_sizes, Pair kernel,
                             Pair stride, Pair padding);

at::Tensor average_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);
at::Tensor average_pool_backward(const at::Tensor& gradient, at::IntArrayRef x_sizes, Pair kernel, Pair stride,
                                 Pair padding);

}  // namespace dha::ops
