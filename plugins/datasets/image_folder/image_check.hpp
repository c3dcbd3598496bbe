// Whether an image file is there to its end, found from its header and its end.
#pragma once

#include <filesystem>
#include <string>

#include "dha/dataset.hpp"
#include "image_folder/image_reading.hpp"

namespace dha::datasets {

struct ImageCheck {
  ImageSize size;           // as it is displayed
  std::string missing_end;  // follows the file's name: "is a truncated JPEG: …"; empty where the end is there
};

// Looks for the end whether `reading` accepts truncated files or not. Throws UnreadableImage, and Error{kIo} where the
// system has run out of what opening a file takes. [any thread]
ImageCheck check_image(const std::filesystem::path& path, const ImageReading& reading);

}  // namespace dha::datasets
