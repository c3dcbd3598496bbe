// Whether an image file is there to its end, found from its header and its marks without decoding it.
#pragma once

#include <filesystem>
#include <string>

#include "dha/dataset.hpp"

namespace dha::datasets {

struct ImageCheck {
  ImageSize size;
  std::string missing_end;  // follows the file's name: "is a truncated JPEG: …"; empty where the end is there
};

// A JPEG ends by its end marker and a PNG by its end chunk, both with anything behind them; a WebP file is as long as
// its header says. Throws UnreadableImage, and Error{kIo} where the system has run out of what opening a file takes.
// [any thread]
ImageCheck check_image(const std::filesystem::path& path);

}  // namespace dha::datasets
