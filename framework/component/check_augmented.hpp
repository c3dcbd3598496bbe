// Checks what an augmenter returns before anything uses it, so that an error is reported for the augmenter.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "dha/augmenter.hpp"

namespace dha {

// `images`: those that the augmenter received. Throws Error{kContractViolation} that names the augmenter, unless it
// returned uint8 images of the same shape and on the same device, and a label for each there.
void check_augmented(const Augmented& augmented, const at::Tensor& images, const std::string& augmenter);

}  // namespace dha
