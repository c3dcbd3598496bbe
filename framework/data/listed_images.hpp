// Image files that a user names as a data set without classes, so that the feed of evaluations reads them.
//
// The files are the test images. The label of an image is its position in the list, so that a batch tells which images
// it holds where some could not be read.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "dha/image_files.hpp"

namespace dha {

class ListedImages final : public Dataset {
 public:
  // `files` reads them and outlives the object. `info`: channels, height and width of the network's input. `policy`: of
  // a data set that reads single images; without one, an image's largest centre part with the shape of the input is
  // read.
  ListedImages(const ImageFiles& files, DatasetInfo info, std::optional<CropPolicy> policy,
               std::vector<std::string> paths);

  DatasetInfo info() const override { return info_; }
  void open() override {}
  int64_t size(Split split) const override;
  at::Tensor labels(Split split) const override;
  bool in_memory() const override { return false; }
  CropPolicy crop_policy() const override { return policy_.value_or(CropPolicy()); }
  std::string image_name(Split split, int64_t index) const override;

  // An image that cannot be read has 1 x 1 px, and read() returns false for it.
  ImageSize image_size(Split split, int64_t index) const override;
  bool read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const override;

  // Why images could not be read, by their positions: sentences of `files`. [any thread]
  std::map<int64_t, std::string> problems() const;

 private:
  bool note_problem(int64_t index, const Error& error) const;

  const ImageFiles& files_;
  DatasetInfo info_;
  std::optional<CropPolicy> policy_;
  std::vector<std::string> paths_;
  mutable std::vector<ImageSize> sizes_;  // one thread at a time reads an image
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::string> problems_;
};

}  // namespace dha
