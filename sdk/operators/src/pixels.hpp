// How the pixels of a channels_last tensor are arranged, and where a backward pass leaves the gradient of an input.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace dha::ops {

// The distance of two neighbouring pixels in elements if `tensor` (N, C, H, W) is channels_last, or a range of the
// channels of a tensor that is: all pixels are equally far from each other. Nothing otherwise.
std::optional<int64_t> pixel_pitch(const at::Tensor& tensor);

// `gradient` itself if it has a pitch, otherwise a copy that is channels_last.
at::Tensor with_pitch(const at::Tensor& gradient);

// Where the gradient of an input goes: a tensor of its shape that has a pitch, or undefined if nobody asked for it.
struct GradientTarget {
  at::Tensor tensor;
  bool accumulate = false;  // add to what the tensor holds
};

// The target in terms of elements.
template <class T>
struct TargetPixels {
  explicit TargetPixels(const GradientTarget& target) {
    if (!target.tensor.defined()) return;
    data = target.tensor.mutable_data_ptr<T>();
    ld = *pixel_pitch(target.tensor);
    accumulate = target.accumulate;
  }

  T* data = nullptr;
  int64_t ld = 0;
  bool accumulate = false;
};

}  // namespace dha::ops
