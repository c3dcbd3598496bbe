// Every operation at every magnitude and sign as a row of tensors, so that drawn ones are looked up on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "binned_operations.hpp"

namespace dha::uniform {

class OperationTable {
 public:
  // For images of this size. The tables lie on `device`.
  OperationTable(const std::vector<BinnedOperation>& operations, int64_t bins, int64_t height, int64_t width,
                 at::Device device);

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  // The rows of drawn operations: int64 of one shape each, operation in [0, operations), bin in [0, bins), negative 0
  // or
  // 1. Operations without a sign ignore `negative`, those without a magnitude ignore `bin` too.
  at::Tensor rows(const at::Tensor& operation, const at::Tensor& bin, const at::Tensor& negative) const;

  // Applies one row to each image. images: uint8 (N, 1 or 3, height, width); rows: int64 (N); fill: uint8 (channels).
  // Pixels are moved without interpolation. Returns new images.
  at::Tensor apply(const at::Tensor& images, const at::Tensor& rows, const at::Tensor& fill) const;

 private:
  int64_t bins_, height_, width_;
  at::Tensor operation_;  // int64 (rows): of the operations on colours; identity for the others
  at::Tensor value_;      // double (rows)
  at::Tensor map_;        // int64 (rows, 6): of the operations that move pixels; the identity for the others
};

}  // namespace dha::uniform
