// The five geometric operations as one affine resampling by LibTorch operators, every sample with a map of its own.
#pragma once

#include <ATen/core/Tensor.h>

namespace dha::pairs {

struct DrawnCalls;

// uint8 (N, C, height * width): the images resampled as their calls say; anything for samples whose operation is not
// geometric. Arguments as in apply_operations().
at::Tensor resampled(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill);

}  // namespace dha::pairs
