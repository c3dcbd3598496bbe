// Image operations as LibTorch operators, for images on a device: the drawn operations are tensors there, and nothing
// waits for the host to know them.
//
// All kinds of operations run on all samples and the results are picked by what was drawn: one table of 256 values per
// channel for the operations that are one (auto_contrast, equalize, posterize, solarize, invert, contrast, brightness),
// the luma blend of color, the filter of sharpness, the square of cutout, and one affine resampling for the geometric
// operations. The arithmetic is that of pixel_math.hpp in its order.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/images/apply.hpp"

namespace dha::images {

// One operation for each of N images: a column of DrawnCalls.
struct OneCall {
  at::Tensor operation;  // int64 (N)
  at::Tensor value;      // double (N)
  at::Tensor is_cubic;   // bool (N)
  at::Tensor centre;     // double (N, 2)
};

// images: uint8 (N, 1 or 3, height, width), N >= 1. calls: `centre` defined. fill: uint8 (channels). Returns new
// images.
at::Tensor apply_by_libtorch(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill);

}  // namespace dha::images
