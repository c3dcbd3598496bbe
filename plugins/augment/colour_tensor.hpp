// A colour as a tensor that covers a batch of images by broadcasting.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <cstdint>
#include <vector>

namespace dha {

// uint8 (1, channels, 1, 1) on `device`.
inline at::Tensor colour_tensor(const std::vector<uint8_t>& colour, at::Device device) {
  return at::tensor(at::ArrayRef<uint8_t>(colour), at::kByte).view({1, -1, 1, 1}).to(device);
}

}  // namespace dha
