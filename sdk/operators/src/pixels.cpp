#include "pixels.hpp"

#include <algorithm>

namespace dha::ops {

std::optional<int64_t> pixel_pitch(const at::Tensor& tensor) {
  if (tensor.dim() != 4 || (tensor.size(1) > 1 && tensor.stride(1) != 1)) return std::nullopt;
  // Pixels in each step along an axis, from the innermost on. The stride of an axis of size 1 means nothing.
  const int64_t axes[] = {3, 2, 0};
  int64_t pixels = 1;
  std::optional<int64_t> pitch;
  for (const int64_t axis : axes) {
    if (tensor.size(axis) != 1) {
      if (!pitch) pitch = tensor.stride(axis) / pixels;
      if (tensor.stride(axis) != *pitch * pixels) return std::nullopt;
    }
    pixels *= tensor.size(axis);
  }
  if (!pitch) return tensor.size(1);
  return *pitch >= tensor.size(1) ? pitch : std::nullopt;
}

at::Tensor with_pitch(const at::Tensor& gradient) {
  return pixel_pitch(gradient) ? gradient : gradient.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace dha::ops
