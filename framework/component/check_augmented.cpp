#include "component/check_augmented.hpp"

#include "dha/error.hpp"

namespace dha {

void check_augmented(const Augmented& augmented, const at::Tensor& images, const std::string& augmenter) {
  if (augmented.images.scalar_type() != at::kByte || augmented.images.sizes() != images.sizes() ||
      augmented.images.device() != images.device() || augmented.labels.device() != images.device() ||
      augmented.labels.size(0) != images.size(0))
    throw Error(ErrorCode::kContractViolation, augmenter +
                                                   ": apply() must return uint8 images of the shape and on the "
                                                   "device of its input, and a label for each on the same device");
}

}  // namespace dha
