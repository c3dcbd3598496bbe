// An image file of either format: its bytes, its size, and a crop of it at a size.
#pragma once

#include <cstdint>
#include <filesystem>

#include "dha/dataset.hpp"

namespace dha::datasets {

// The format is decided by a file's first bytes. Both throw UnreadableImage whose message follows the file's name, and
// Error{kIo} where the system has run out of what opening a file takes. [any thread]

// Reads the header alone.
ImageSize read_image_size(const std::filesystem::path& path);

// Decodes the crop of `request` at its size into `pixels`: (channels, request.height, request.width). `expected`: what
// read_image_size() has said of the file; zero where it has not been asked. Throws Error{kContractViolation} where the
// crop lies outside the image.
void read_image(const std::filesystem::path& path, ImageSize expected, const ImageRequest& request, int64_t channels,
                uint8_t* pixels);

}  // namespace dha::datasets
