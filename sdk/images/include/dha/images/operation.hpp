// The index of each image operation, also for code compiled by nvcc.
#pragma once

namespace dha::images {

// Append new operations, so that indices never change. Files and messages use names (level_scale.hpp).
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
  kInvert,
  kCutout,
  kTranslateX,
  kTranslateY,
};

inline constexpr int kOperationCount = 18;

}  // namespace dha::images
