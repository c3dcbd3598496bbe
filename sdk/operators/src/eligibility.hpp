// Which cases are ours, beyond what the input alone tells; everything else is LibTorch's.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/operators.hpp"

namespace dha::ops {

// A depthwise convolution.
bool has_native_kernel(const at::Tensor& x, const at::Tensor& depthwise, Pair stride, Pair padding, Pair dilation);

// A pool's window, which must have pixels of the image at every place.
bool has_native_kernel(const at::Tensor& x, Pair kernel, Pair stride, Pair padding);

// A batch norm of `channels` channels like x. In evaluation: only where no gradient is asked for.
bool has_native_kernel(const at::Tensor& x, int64_t channels, const Norm& norm, const NormMode& mode);

bool has_native_kernel(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode);

// A factorized reduction.
bool has_native_kernel(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd);

}  // namespace dha::ops
