#include "shared/in_memory_dataset.hpp"

#include <ATen/ops/empty.h>

#include <utility>

#include "dha/error.hpp"

namespace dha::datasets {

namespace {

[[noreturn]] void refuse(const char* call) {
  throw Error(ErrorCode::kContractViolation,
              std::string(call) + " was called on a data set that lives in memory; use tensors() instead");
}

}  // namespace

InMemoryDataset::InMemoryDataset(int64_t channels, int64_t height, int64_t width) {
  for (ImageTensors& split : splits_)
    split = {at::empty({0, channels, height, width}, at::kByte), at::empty({0}, at::kLong)};
}

int64_t InMemoryDataset::size(Split split) const { return labels(split).size(0); }

at::Tensor InMemoryDataset::labels(Split split) const { return tensors(split).labels; }

ImageTensors InMemoryDataset::tensors(Split split) const { return splits_.at(static_cast<size_t>(split)); }

CropPolicy InMemoryDataset::crop_policy() const {
  CropPolicy whole_image;
  whole_image.random_resized = false;
  whole_image.flip_probability = 0;
  whole_image.evaluation_fraction = 1;
  return whole_image;
}

ImageSize InMemoryDataset::image_size(Split, int64_t) const { refuse("image_size()"); }

bool InMemoryDataset::read(Split, int64_t, const ImageRequest&, uint8_t*) const { refuse("read()"); }

void InMemoryDataset::fill(Split split, ImageTensors tensors) {
  splits_.at(static_cast<size_t>(split)) = std::move(tensors);
}

}  // namespace dha::datasets
