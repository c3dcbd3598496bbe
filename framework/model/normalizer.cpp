#include "model/normalizer.hpp"

#include <ATen/ops/tensor.h>

namespace dha {

Normalizer::Normalizer(const DatasetInfo& info, const at::TensorOptions& options, bool channels_last)
    : format_(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous) {
  std::vector<double> offset, factor;
  for (size_t channel = 0; channel < info.mean.size(); ++channel) {
    factor.push_back(1 / (255 * info.standard_deviation[channel]));
    offset.push_back(-info.mean[channel] / info.standard_deviation[channel]);
  }
  const auto shaped = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble)
        .to(options.device(), c10::typeMetaToScalarType(options.dtype()))
        .view({1, -1, 1, 1});
  };
  offset_ = shaped(offset);
  factor_ = shaped(factor);
}

at::Tensor Normalizer::operator()(const at::Tensor& images) const {
  return images.to(factor_.scalar_type(), /*non_blocking=*/false, /*copy=*/false, format_).mul_(factor_).add_(offset_);
}

}  // namespace dha
