// An image file of any format that is read: its header, and a crop of it at a size.
#pragma once

#include <cstdint>
#include <filesystem>

#include "dha/dataset.hpp"
#include "image_folder/image_reading.hpp"

namespace dha::datasets {

// The format is decided by a file's content. All throw UnreadableImage whose message follows the file's name, and
// Error{kIo} where the system has run out of what opening a file takes. Sizes and crops are of the image as it is
// displayed: turned as its EXIF orientation says, unless `reading` ignores that. [any thread]

struct ImageHeader {
  ImageSize size;
  bool has_16_bits = false;  // samples of 16 bits, of which fewer may be significant
};

// Reads the header alone: at most 128 KiB, but for files whose metadata is larger.
ImageSize read_image_size(const std::filesystem::path& path, const ImageReading& reading = {});

// Reads the header and the end, and all of a file that lacks its end. A truncated file is an error unless `reading`
// accepts it. What is neither header nor end is not looked at.
ImageHeader read_image_header(const std::filesystem::path& path, const ImageReading& reading = {});

// The largest sample of an image of 16 bits, apart from opacity; 0 of another image. Decodes all of it.
uint16_t read_largest_sample(const std::filesystem::path& path);

// Decodes the crop of `request` at its size into `pixels`: (channels, request.height, request.width). `expected`: the
// size that was read of the file with the same `reading`; zero where none was. Throws Error{kContractViolation} where
// the crop lies outside the image.
void read_image(const std::filesystem::path& path, ImageSize expected, const ImageRequest& request, int64_t channels,
                uint8_t* pixels, const ImageReading& reading = {});

}  // namespace dha::datasets
