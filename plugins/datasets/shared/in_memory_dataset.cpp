#include "shared/in_memory_dataset.hpp"

#include <ATen/ops/empty.h>

#include <utility>

namespace dha::datasets {

InMemoryDataset::InMemoryDataset(int64_t channels, int64_t height, int64_t width) {
  for (ImageTensors& split : splits_)
    split = {at::empty({0, channels, height, width}, at::kByte), at::empty({0}, at::kLong)};
}

int64_t InMemoryDataset::size(Split split) const { return labels(split).size(0); }

at::Tensor InMemoryDataset::labels(Split split) const { return tensors(split).labels; }

ImageTensors InMemoryDataset::tensors(Split split) const { return splits_.at(static_cast<size_t>(split)); }

void InMemoryDataset::fill(Split split, ImageTensors tensors) {
  splits_.at(static_cast<size_t>(split)) = std::move(tensors);
}

}  // namespace dha::datasets
