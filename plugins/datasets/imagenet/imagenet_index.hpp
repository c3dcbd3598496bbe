// Which images ImageNet has, and of which class.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "image_folder/image_index.hpp"

namespace dha::datasets {

// Training images are those in train/<wnid>/, classes the wnids in order. The images of val/ are the test split: their
// classes are the folders in val/, else those of `validation_labels`, else those of a file that is found in one of the
// usual places. `train` and `val` are in `root`, or where Kaggle's archive has them. `check_cancelled` is called now
// and then and may throw. Throws Error{kData} that names the file or folder.
ImageIndex find_imagenet(const std::filesystem::path& root,
                         const std::optional<std::filesystem::path>& validation_labels,
                         const std::function<void()>& check_cancelled);

}  // namespace dha::datasets
