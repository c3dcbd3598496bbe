// A data set whose pixels say which image they belong to, in memory or read one by one.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <set>

#include "dha/dataset.hpp"
#include "dha/error.hpp"

namespace dha::test {

// Image i of n is grey, `side` px, all pixels i; its label is i modulo `classes`.
class CountingDataset : public Dataset {
 public:
  CountingDataset(int64_t train, int64_t test, int64_t classes, bool in_memory)
      : train_(train), test_(test), classes_(classes), in_memory_(in_memory) {}

  DatasetInfo info() const override {
    DatasetInfo info;
    info.classes = classes_;
    info.channels = 1;
    info.height = info.width = kSide;
    info.mean = {0.5};
    info.standard_deviation = {0.25};
    return info;
  }
  void open() override {}
  int64_t size(Split split) const override {
    return split == Split::kTrain ? train_ : split == Split::kTest ? test_ : 0;
  }
  at::Tensor labels(Split split) const override { return at::arange(size(split), at::kLong).remainder(classes_); }
  bool in_memory() const override { return in_memory_; }
  ImageTensors tensors(Split split) const override {
    const at::Tensor images = at::arange(size(split), at::kLong).to(at::kByte).view({-1, 1, 1, 1});
    return {images.expand({-1, 1, kSide, kSide}).contiguous(), labels(split)};
  }
  ImageSize image_size(Split, int64_t) const override { return {40, 30}; }
  // Training crops differ from evaluation crops by their place, which the first pixel carries.
  bool read(Split, int64_t index, const ImageRequest& request, uint8_t* pixels) const override {
    if (index == failing) throw Error(ErrorCode::kData, "image " + std::to_string(index) + " is damaged");
    if (skipped.count(index) > 0) return false;
    for (int64_t i = 0; i < request.height * request.width; ++i) pixels[i] = static_cast<uint8_t>(index);
    pixels[0] = static_cast<uint8_t>(request.crop_top * 7 + request.crop_left * 3 + (request.flip ? 1 : 0));
    return true;
  }

  static constexpr int64_t kSide = 4;
  std::set<int64_t> skipped;
  int64_t failing = -1;

 private:
  int64_t train_, test_, classes_;
  bool in_memory_;
};

}  // namespace dha::test
