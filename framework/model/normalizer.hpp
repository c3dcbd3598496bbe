// Converts uint8 batches to network input: (pixel / 255 - mean) / SD, in the requested dtype and memory format.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/dataset.hpp"

namespace dha {

class Normalizer {
 public:
  // `options`: dtype and device. `info` has mean and standard deviation, one per channel.
  Normalizer(const DatasetInfo& info, const at::TensorOptions& options, bool channels_last);

  // images: uint8 (N, channels, H, W) on the device. Returns float (N, channels, H, W).
  at::Tensor operator()(const at::Tensor& images) const;

 private:
  at::Tensor offset_, factor_;  // (1, channels, 1, 1): pixel * factor + offset
  at::MemoryFormat format_;
};

}  // namespace dha
