// One named operation on whole images, for a person to look at: the ability "dha.image_operations/1".
#pragma once

#include <vector>

#include "dha/image_operations.hpp"
#include "dha/images/export.hpp"
#include "dha/images/level_scale.hpp"

namespace dha::images {

class DHA_IMAGES_API NamedOperations : public ImageOperations {
 public:
  // scale: what a level means. operations: those that are offered, in the order of names().
  NamedOperations(LevelScale scale, std::vector<Operation> operations);
  ~NamedOperations() override;

  std::vector<std::string> names() const override;

  // As the interface says, with levels in [0, maximum_level()] of the scale. A cutout is at the middle of the image.
  at::Tensor apply(const at::Tensor& images, const ImageOperation& operation) const override;

 private:
  Operation find(const std::string& name) const;

  LevelScale scale_;
  std::vector<Operation> operations_;
};

}  // namespace dha::images
