#include "image_folder/image_check.hpp"

#include <system_error>

#include "image_folder/file_names.hpp"
#include "image_folder/image_file.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

ImageCheck check_image(const fs::path& path, const ImageReading& reading) {
  std::error_code unknown;
  if (!fs::exists(path, unknown) && fs::is_symlink(path, unknown))
    throw UnreadableImage("is a link to " + shown(fs::read_symlink(path, unknown)) + ", which does not exist");
  ImageReading strict = reading;
  strict.accept_truncated = false;
  try {
    return {read_image_header(path, strict).size, ""};
  } catch (const UnreadableImage& error) {
    // Where the header alone can be read, the end is what is missing.
    return {read_image_size(path, reading), error.what()};
  }
}

}  // namespace dha::datasets
