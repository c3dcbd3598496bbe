// A data set whose splits are whole tensors: what all formats that fit into memory have in common.
#pragma once

#include <array>

#include "dha/dataset.hpp"

namespace dha::datasets {

// A format derives from this, and its open() fills the splits.
class InMemoryDataset : public Dataset {
 public:
  int64_t size(Split split) const override;
  at::Tensor labels(Split split) const override;
  bool in_memory() const override { return true; }
  ImageTensors tensors(Split split) const override;

 protected:
  // Every split is empty, of images of this shape (px), until fill() is called.
  InMemoryDataset(int64_t channels, int64_t height, int64_t width);

  void fill(Split split, ImageTensors tensors);

 private:
  std::array<ImageTensors, 3> splits_;
};

}  // namespace dha::datasets
