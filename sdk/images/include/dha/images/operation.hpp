// The index of each image operation, for code that is compiled by nvcc too.
#pragma once

namespace dha::images {

// Further operations are appended: indices stay. Files and messages name operations (level_scale.hpp).
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
