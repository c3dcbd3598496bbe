// The same operators, of LibTorch: for everything that is not ours, and differentiable any number of times.
#pragma once

#include "dha/operators.hpp"

namespace dha::ops::libtorch {

at::Tensor rectified_separable(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode);
at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding,
                                 Pair dilation);
at::Tensor batch_norm(const at::Tensor& x, const Norm& norm, const NormMode& mode);
at::Tensor factorized_reduction(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify);
at::Tensor max_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);
at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);

}  // namespace dha::ops::libtorch
