// Runs a forward pass in the pipeline's precision: nothing for fp32, autocast for bf16.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace dha {

// Autocast for the life of the object.
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
