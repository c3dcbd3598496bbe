// Small versions of images, side by side in one image.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace dha {

// images: uint8 (rows * columns, channels, height, width), row by row. Each is scaled down, if it is larger, so that
// its longer side has `side` px. Returns uint8 (channels, rows * height, columns * width) on the CPU.
at::Tensor thumbnail_sheet(const at::Tensor& images, int64_t columns, int64_t side);

}  // namespace dha
