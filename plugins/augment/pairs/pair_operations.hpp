// The fourteen image operations that DHA pairs, in the order of the rows and columns of its distribution.
#pragma once

#include <array>

#include "dha/images/level_scale.hpp"

namespace dha::pairs {

inline constexpr int kOperationCount = 14;
inline constexpr int kPairCount = kOperationCount * kOperationCount;

// PBA's list without Invert and Cutout, with Identity.
inline constexpr std::array<images::Operation, kOperationCount> kOperations = {
    images::Operation::kAutoContrast,  images::Operation::kEqualize,   images::Operation::kRotate,
    images::Operation::kPosterize,     images::Operation::kSolarize,   images::Operation::kColor,
    images::Operation::kContrast,      images::Operation::kBrightness, images::Operation::kSharpness,
    images::Operation::kShearX,        images::Operation::kShearY,     images::Operation::kTranslateXRel,
    images::Operation::kTranslateYRel, images::Operation::kIdentity};

// Draws on a device are used as the library's indices without a table.
static_assert([] {
  for (int i = 0; i < kOperationCount; ++i)
    if (static_cast<int>(kOperations[static_cast<size_t>(i)]) != i) return false;
  return true;
}());

}  // namespace dha::pairs
