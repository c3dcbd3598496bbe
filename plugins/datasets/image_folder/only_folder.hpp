// A folder that contains nothing but another one, as archives and download tools leave it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "image_folder/folder_content.hpp"

namespace dha::datasets {

// The name of the only folder in `folder` that can have the images of a set, if it contains folders and no image
// itself. `content`: what is in `folder`; with an image there is no such folder. Runs of dha are passed over, and
// folders of files that are no images, such as annotations; an empty folder is not. Throws
// std::filesystem::filesystem_error.
std::optional<std::string> only_folder(const std::filesystem::path& folder, const FolderContent& content);

}  // namespace dha::datasets
