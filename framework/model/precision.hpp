// The meaning of a pipeline's precision: the type of weights, and autocast for the forward pass of bf16 and fp16.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace dha {

// Of weights, images and gates: double for fp64, else float (bf16 computes in that type only inside a forward pass).
at::ScalarType weight_type(const std::string& precision);

// Autocast for the lifetime of the object if the precision is bf16 or fp16.
class PrecisionScope {
 public:
  PrecisionScope(const std::string& precision, at::Device device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  bool active_;
  at::DeviceType type_;
};

}  // namespace dha
