// Images in folders: root/<split>/<class>/<image>, or root/<class>/<image>.
#pragma once

#include <filesystem>
#include <functional>

#include "image_folder/image_index.hpp"

namespace dha::datasets {

// Part of find_images(), which says what counts. Throws Error{kData} and std::filesystem::filesystem_error.
ImageIndex scan_class_folders(const std::filesystem::path& root, const std::function<void()>& check_cancelled);

}  // namespace dha::datasets
