// Finds the damaged images of a set before anything is trained on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "image_folder/image_index.hpp"
#include "image_folder/image_reading.hpp"

namespace dha::datasets {

struct CheckOptions {
  bool skip_unreadable = false;  // leave unreadable images out; false: refuse a set that has any
  ImageReading reading;
  std::function<void(int64_t done, int64_t total)> progress = nullptr;  // images checked, of all; from any thread
};

// Checks every image by check_image(), on as many threads as there are cores, at most 16, but those that the cache
// knows to be whole; fills in their sizes. Returns the number of images that were removed from `index`. Each of them is
// logged, and a warning names the first.
// Throws Error{kData} that names the first damaged files, or where a class has no readable training image left or a
// split no readable image; Error{kCancelled}; Error{kIo}.
int64_t check_images(ImageIndex& index, const std::filesystem::path& root, const CheckOptions& options,
                     Context& context);

}  // namespace dha::datasets
