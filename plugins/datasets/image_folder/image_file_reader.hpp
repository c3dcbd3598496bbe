// Reads image files that belong to no data set: the ability dha.image_files/1 of every data set of dha.
#pragma once

#include <string>
#include <string_view>

#include "dha/context.hpp"
#include "dha/image_files.hpp"
#include "image_folder/image_reading.hpp"

namespace dha::datasets {

class ImageFileReader final : public ImageFiles {
 public:
  // Into images of `channels`. `context` and `reading` outlive the object; `reading` may change between calls.
  ImageFileReader(const Context& context, int64_t channels, const ImageReading& reading)
      : context_(context), channels_(channels), reading_(reading) {}

  // What a data set that has this object answers to Component::capability().
  void* capability(std::string_view id) { return id == kCapability ? static_cast<ImageFiles*>(this) : nullptr; }

  FolderImages find(const std::string& folder) const override;
  ImageSize size(const std::string& path) const override;
  void read(const std::string& path, ImageSize size, const ImageRequest& request, uint8_t* pixels) const override;

 private:
  const Context& context_;
  int64_t channels_;
  const ImageReading& reading_;
};

}  // namespace dha::datasets
