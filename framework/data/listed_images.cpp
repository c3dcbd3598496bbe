#include "data/listed_images.hpp"

#include <ATen/ops/arange.h>

#include <utility>

#include "data/crop_geometry.hpp"
#include "dha/error.hpp"

namespace dha {

ListedImages::ListedImages(const ImageFiles& files, DatasetInfo info, std::optional<CropPolicy> policy,
                           std::vector<std::string> paths)
    : files_(files),
      info_(std::move(info)),
      policy_(std::move(policy)),
      paths_(std::move(paths)),
      sizes_(paths_.size()) {}

int64_t ListedImages::size(Split split) const {
  return split == Split::kTest ? static_cast<int64_t>(paths_.size()) : 0;
}

at::Tensor ListedImages::labels(Split split) const { return at::arange(size(split), at::kLong); }

std::string ListedImages::image_name(Split, int64_t index) const { return paths_.at(static_cast<size_t>(index)); }

ImageSize ListedImages::image_size(Split, int64_t index) const {
  const auto at = static_cast<size_t>(index);
  try {
    return sizes_[at] = files_.size(paths_[at]);
  } catch (const Error& error) {
    if (!note_problem(index, error)) throw;
    return {1, 1};
  }
}

bool ListedImages::read(Split, int64_t index, const ImageRequest& request, uint8_t* pixels) const {
  const auto at = static_cast<size_t>(index);
  if (sizes_[at].height == 0) return false;
  try {
    files_.read(paths_[at], sizes_[at],
                policy_ ? request : largest_centre_crop(sizes_[at], request.height, request.width), pixels);
    return true;
  } catch (const Error& error) {
    if (!note_problem(index, error)) throw;
    return false;
  }
}

// Whether the error is one of this image alone.
bool ListedImages::note_problem(int64_t index, const Error& error) const {
  if (error.code() != ErrorCode::kData) return false;
  const std::lock_guard lock(mutex_);
  problems_.emplace(index, error.what());
  return true;
}

std::map<int64_t, std::string> ListedImages::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

}  // namespace dha
