// An optional ability of data sets: read image files that belong to none of its splits as it reads its own, so that a
// trained network classifies other images.
//
// Obtained by capability("dha.image_files/1"), which `dha predict` uses before open() or without it: the data of the
// run may be gone. A data set with this ability also answers info(), in_memory() and crop_policy() then.
#pragma once

#include <string>
#include <vector>

#include "dha/dataset.hpp"
#include "dha/export.hpp"

namespace dha {

// The image files below a folder.
struct FolderImages {
  std::vector<std::string> paths;     // which begin with that of the folder, in byte order
  std::vector<std::string> left_out;  // sentences about what else is there, without a full stop, for the user
};

class DHA_API ImageFiles {
 public:
  static constexpr const char* kCapability = "dha.image_files/1";

  ImageFiles();
  virtual ~ImageFiles();

  // The files at any depth below `folder` that the data set takes for images; there may be none. Throws Error{kData}
  // that names a folder that cannot be read.
  virtual FolderImages find(const std::string& folder) const = 0;

  // Size of the image in the file at `path`. Throws Error{kData} if there is no such file or it cannot be read: a
  // sentence that begins with its path. [any thread]
  virtual ImageSize size(const std::string& path) const = 0;

  // Decodes the requested part of the image at `path`, of the size that size() returned, into `pixels`: uint8
  // (info().channels, request.height, request.width), contiguous. Throws as size() does. [any thread]
  virtual void read(const std::string& path, ImageSize size, const ImageRequest& request, uint8_t* pixels) const = 0;
};

}  // namespace dha
