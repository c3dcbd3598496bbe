// One named operation on whole images, for a person to look at: the ability "dha.image_operations/1".
#pragma once

#include "dha/image_operations.hpp"

namespace dha::pairs {

class ImageCode : public ImageOperations {
 public:
  std::vector<std::string> names() const override;
  at::Tensor apply(const at::Tensor& images, const ImageOperation& operation) const override;
};

}  // namespace dha::pairs
