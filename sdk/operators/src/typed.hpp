// Calls a generic function for the element type of a tensor: float or double.
#pragma once

#include <ATen/core/Tensor.h>

namespace dha::ops {

// run(zero of the type).
template <class Run>
decltype(auto) typed(const at::Tensor& tensor, const Run& run) {
  return tensor.scalar_type() == at::kDouble ? run(double{}) : run(float{});
}

}  // namespace dha::ops
