// Moves the pixels of images by affine maps without interpolation, as Pillow's Image.transform does with NEAREST.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "dha/images/export.hpp"
#include "dha/images/operation.hpp"

namespace dha::images {

// (a, b, c, d, e, f) in units of 2^-16 px: the pixel in column x and row y is the one in column (a x + b y + c) >> 16
// and row (d x + e y + f) >> 16 of the source.
using FixedMap = std::array<int64_t, 6>;

// The map of an operation that moves pixels, with a value as in OperationCall but for rotate, where every number of
// degrees is allowed; the identity for the other operations. Equals Pillow's for images with sides below 16384 px, for
// translations if they are by whole px.
DHA_IMAGES_API FixedMap fixed_map(Operation operation, double value, int64_t height, int64_t width);

// images: uint8 (N, 1 or 3, height, width). maps: int64 (N, 6). fill: uint8 (channels), of pixels from outside the
// image. Both on the device of the images. Returns new contiguous images of the same shape. [any thread]
DHA_IMAGES_API at::Tensor resample_nearest(const at::Tensor& images, const at::Tensor& maps, const at::Tensor& fill);

}  // namespace dha::images
