// An optional ability of augmenters: apply one named image operation at a given level, for inspection.
//
// Obtained by capability("dha.image_operations/1"). `dha augment` uses it.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <string>
#include <vector>

#include "dha/export.hpp"

namespace dha {

enum class Resampling { kBilinear, kBicubic };

struct ImageOperation {
  std::string name;  // snake_case, as in "shear_x"
  double level = 0;  // in the range of the component, [0, 8] for those of dha
  int sign = 1;      // +1 or -1; read by operations that have a direction
  Resampling resampling = Resampling::kBilinear;
  std::array<uint8_t, 3> fill{};  // of pixels from outside the image; grey images use the first
};

class DHA_API ImageOperations {
 public:
  static constexpr const char* kCapability = "dha.image_operations/1";

  ImageOperations();
  virtual ~ImageOperations();

  // The operations in index order.
  virtual std::vector<std::string> names() const = 0;

  // images: uint8 (N, 1 or 3, height, width), contiguous, CPU. Returns the same shape.
  // Throws Error{kInvalidParameter} for an unknown name or a level out of range. [any thread]
  virtual at::Tensor apply(const at::Tensor& images, const ImageOperation& operation) const = 0;
};

}  // namespace dha
