// A tensor that several blocks read; if they begin with a ReLU, it is computed once, and their gradients are added in
// one place.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/operators.hpp"

namespace dha::nn {

class Features {
 public:
  Features() = default;
  explicit Features(const at::Tensor& value) : value_(ops::shared(value)) {}

  const at::Tensor& value() const { return value_; }

  // ReLU of the value, computed by the first call. [one thread at a time]
  const at::Tensor& rectified();

 private:
  at::Tensor value_, rectified_;
};

}  // namespace dha::nn
