// One named operation on whole images, for a person to look at: the ability "dha.image_operations/1".
#pragma once

#include "dha/image_operations.hpp"
#include "operations.hpp"

namespace dha::pairs {

class ImageCode : public ImageOperations {
 public:
  // `mapping`: what a level means.
  explicit ImageCode(Mapping mapping) : mapping_(mapping) {}

  std::vector<std::string> names() const override;
  at::Tensor apply(const at::Tensor& images, const ImageOperation& operation) const override;

 private:
  Mapping mapping_;
};

}  // namespace dha::pairs
