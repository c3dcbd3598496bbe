// The geometric operations as one affine resampling by LibTorch operators, every sample with a map of its own.
#pragma once

#include <ATen/core/Tensor.h>

namespace dha::images {

struct OneCall;

// uint8 (N, C, height * width): the images resampled as their calls say; anything for samples whose operation is not
// geometric. Arguments as in apply_operations().
at::Tensor resampled(const at::Tensor& images, const OneCall& calls, const at::Tensor& fill);

}  // namespace dha::images
