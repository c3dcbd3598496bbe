// The fourteen operations as LibTorch operators, for images on a device: what every sample drew is a tensor there, and
// nothing waits for the host to know it.
//
// All kinds of operations run on all samples and the results are picked by what was drawn: one table of 256 values a
// channel for the operations that are one (auto_contrast, equalize, posterize, solarize, contrast, brightness), the
// luma blend of color, the filter of sharpness, and one affine resampling for the five geometric operations. The
// arithmetic is that of pixel_math.hpp in its order, so colours come out as the same bytes; the geometric operations do
// wherever the device's sine and cosine are the host's.
#pragma once

#include <ATen/core/Tensor.h>

#include "operations.hpp"

namespace dha::pairs {

// One operation for each of N samples, on the device.
struct DrawnCalls {
  at::Tensor operation;  // int64 (N), index into kOperationNames
  at::Tensor value;      // double (N), OperationCall::value
  at::Tensor is_cubic;   // bool (N), resampling
};

// operation_value() for every element of tensors of one shape. operation: int64; level: double, in [0, 8]; sign:
// double, 1 or -1.
at::Tensor operation_values(const at::Tensor& operation, const at::Tensor& level, const at::Tensor& sign,
                            Mapping mapping);

// images: uint8 (N, 1 or 3, height, width), contiguous. fill: uint8 (1, channels, 1), on the device. Returns new
// images.
at::Tensor apply_operations(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill);

}  // namespace dha::pairs
