// Reads and writes PNG files as uint8 tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace dha {

// uint8 (channels, height, width), contiguous, CPU; 1 channel for grey images, 3 for all others.
//
// Palettes become their colours and 16 bits are scaled to 8; transparency and colour profiles are ignored. Throws
// Error{kData} that names the file if it cannot be read, is not a PNG or is damaged, or if a side exceeds
// 32767 px or the image 100 million px.
at::Tensor read_png(const std::filesystem::path& file);

// image: uint8 (1 or 3, height, width), CPU. The file appears complete or not at all. Throws Error{kIo}.
void write_png(const std::filesystem::path& file, const at::Tensor& image);

}  // namespace dha
