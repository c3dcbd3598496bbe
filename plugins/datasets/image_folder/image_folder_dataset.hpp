// Data set of image files in class folders or list files.
#pragma once

#include "dha/context.hpp"
#include "dha/params.hpp"
#include "image_folder/image_files_dataset.hpp"

namespace dha::datasets {

class ImageFolderDataset : public ImageFilesDataset {
 public:
  static Schema schema();
  ImageFolderDataset(const Params& params, Context& context);

 protected:
  ImageIndex find(const std::function<void()>& check_cancelled) const override {
    return find_images(source(), check_cancelled);
  }
};

}  // namespace dha::datasets
