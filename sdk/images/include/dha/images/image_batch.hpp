// Checks of an augmenter's input batch, and the mean colour of its data set.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "dha/dataset.hpp"
#include "dha/images/export.hpp"

namespace dha::images {

// Pixel positions, margins included, must fit in 32 bits.
inline constexpr int64_t kLargestSide = 32767;

// Throws Error{kContractViolation} unless `images` is uint8 (N, 1 or 3, height, width) with sides in [1, kLargestSide].
DHA_IMAGES_API void check_images(const at::Tensor& images);

// 255 * mean per channel, rounded. Throws Error{kContractViolation} if `info` is not complete.
DHA_IMAGES_API std::vector<uint8_t> mean_colour(const DatasetInfo& info);

// A colour as a tensor that broadcasts over a batch of images: uint8 (1, channels, 1, 1) on `device`.
DHA_IMAGES_API at::Tensor colour_tensor(const std::vector<uint8_t>& colour, at::Device device);

}  // namespace dha::images
