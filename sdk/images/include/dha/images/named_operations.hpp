// One named operation on whole images, for inspection: the ability "dha.image_operations/1".
#pragma once

#include <vector>

#include "dha/image_operations.hpp"
#include "dha/images/export.hpp"
#include "dha/images/level_scale.hpp"

namespace dha::images {

class DHA_IMAGES_API NamedOperations : public ImageOperations {
 public:
  // scale: the meaning of a level. operations: the available ones, in the order of names().
  NamedOperations(LevelScale scale, std::vector<Operation> operations);
  ~NamedOperations() override;

  std::vector<std::string> names() const override;

  // See the interface. Levels are in [0, maximum_level()] of the scale. A cutout is at the centre of the image.
  at::Tensor apply(const at::Tensor& images, const ImageOperation& operation) const override;

 private:
  Operation find(const std::string& name) const;

  LevelScale scale_;
  std::vector<Operation> operations_;
};

}  // namespace dha::images
