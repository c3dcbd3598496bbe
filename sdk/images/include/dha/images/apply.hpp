// Applies image operations to a batch: to each of N images its own sequence of K operations.
//
// Code that knows the operations on the host passes calls. Code that draws them on a device passes tensors, and nothing
// waits for the host. The operator dha_images::apply runs the loops of pixels.hpp on the CPU, a kernel on CUDA devices
// if the library that contains it is next to this one, and LibTorch's operators otherwise. Colour operations give the
// same bytes everywhere; geometric operations do if the device's sine and cosine equal the host's.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "dha/images/call.hpp"
#include "dha/images/export.hpp"
#include "dha/images/level_scale.hpp"

namespace dha::images {

// K operations for each of N images, K >= 1, on the device of the images.
struct DrawnCalls {
  at::Tensor operation;  // int64 (N, K), index of Operation
  at::Tensor value;      // double (N, K), OperationCall::value
  at::Tensor is_cubic;   // bool (N, K), resampling
  // double (N, K, 2), OperationCall::centre_x and centre_y; if undefined, every cutout is at the centre.
  at::Tensor centre;
};

// operation_value() for every element of tensors of one shape. operation: int64; level: double, in the range of the
// scale; sign: double, 1 or -1.
DHA_IMAGES_API at::Tensor operation_values(const at::Tensor& operation, const at::Tensor& level, const at::Tensor& sign,
                                           LevelScale scale);

// images: uint8 (N, 1 or 3, height, width). fill: uint8 (channels), OperationCall::fill, on the device of the images.
// Returns new contiguous images of the same shape. Throws Error{kContractViolation} for tensors of other types or
// shapes, and on the CPU for an invalid index. [any thread]
DHA_IMAGES_API at::Tensor apply_operations(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill);

// images: as above, on the CPU. calls: those of the first image, then those of the next, the same number for each.
DHA_IMAGES_API at::Tensor apply_operations(const at::Tensor& images, std::span<const OperationCall> calls);

}  // namespace dha::images
