// The operations of TrivialAugment and RandAugment, with the magnitude of each bin, as torchvision 0.26 has them.
//
// Magnitudes are numbers of single precision, as there. They mean: px of shift per px (shears), px (translations),
// degrees, the difference of a factor from 1 (brightness, color, contrast, sharpness), bits kept (posterize), and the
// lowest value that is inverted (solarize).
#pragma once

#include <cstdint>
#include <vector>

#include "dha/images/operation.hpp"

namespace dha::uniform {

struct BinnedOperation {
  images::Operation operation = images::Operation::kIdentity;
  std::vector<double> magnitudes;  // one per bin; empty for operations without one
  bool is_signed = false;          // whether the magnitude is negated in half of the cases
};

// Both return the 14 operations in torchvision's order; bins >= 2.
// TrivialAugmentWide: the wide ranges of TrivialAugment (Mueller and Hutter, 2021, arXiv 2103.10158).
std::vector<BinnedOperation> wide_operations(int64_t bins);

// RandAugment (Cubuk et al., 2019, arXiv 1909.13719); translations are relative to the image.
std::vector<BinnedOperation> rand_augment_operations(int64_t bins, int64_t height, int64_t width);

// OperationCall::value of an operation at a magnitude with its sign.
double value_at(images::Operation operation, double magnitude);

}  // namespace dha::uniform
