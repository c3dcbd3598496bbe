// Gradients of a tensor that several operators read, added up in one place.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>

#include "pixels.hpp"

namespace dha::ops {

// Belongs to one tensor of an autograd graph. A backward pass runs on one thread, and so do all calls.
class GradientSink {
 public:
  // Where the next gradient goes: the first is written to new memory, later ones are added to it.
  GradientTarget target(at::IntArrayRef sizes, const at::TensorOptions& options);

  // Adds `gradient`, whose memory nobody else reads: later gradients may be added to it.
  void give(at::Tensor gradient);

  // The sum, undefined where there is none. The next backward pass starts anew.
  at::Tensor take() { return std::exchange(sum_, at::Tensor()); }

 private:
  at::Tensor sum_;
};

// The sink of a tensor that shared() or join_channels() returned; null for others.
std::shared_ptr<GradientSink> sink_of(const at::Tensor& x);

}  // namespace dha::ops
