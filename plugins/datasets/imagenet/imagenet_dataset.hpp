// ImageNet (ILSVRC2012) in the folders that its archives unpack to.
#pragma once

#include <filesystem>
#include <optional>

#include "dha/context.hpp"
#include "dha/params.hpp"
#include "image_folder/image_files_dataset.hpp"

namespace dha::datasets {

class ImagenetDataset : public ImageFilesDataset {
 public:
  static Schema schema();
  ImagenetDataset(const Params& params, Context& context);

 protected:
  ImageIndex find(const std::function<void()>& check_cancelled) const override;

 private:
  std::optional<std::filesystem::path> validation_labels_;
};

}  // namespace dha::datasets
