// The index of each image operation, for code that is compiled by nvcc too.
#pragma once

namespace dha::pairs {

// In index order (facts: PBA's list without Invert and Cutout, with Identity).
enum class Operation : int {
  kAutoContrast,
  kEqualize,
  kRotate,
  kPosterize,
  kSolarize,
  kColor,
  kContrast,
  kBrightness,
  kSharpness,
  kShearX,
  kShearY,
  kTranslateXRel,
  kTranslateYRel,
  kIdentity,
};

inline constexpr int kOperationCount = 14;

}  // namespace dha::pairs
