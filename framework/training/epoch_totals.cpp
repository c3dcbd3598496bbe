#include "training/epoch_totals.hpp"

#include <ATen/ops/zeros.h>

namespace dha {

EpochTotals::EpochTotals(at::Device device) : sums_(at::zeros({3}, at::TensorOptions(device).dtype(at::kDouble))) {}

void EpochTotals::add(const at::Tensor& losses, const at::Tensor& correct) {
  sums_.select(0, 0).add_(losses.sum(at::kDouble));
  sums_.select(0, 1).add_(correct.sum(at::kDouble));
  sums_.select(0, 2).add_(static_cast<double>(losses.size(0)));
}

EpochTotals::Means EpochTotals::means() const {
  const at::Tensor host = sums_.cpu();
  const double* sum = host.const_data_ptr<double>();
  if (sum[2] == 0) return {};
  return {sum[0] / sum[2], sum[1] / sum[2], static_cast<int64_t>(sum[2])};
}

void EpochTotals::reset() { sums_.zero_(); }

std::map<std::string, at::Tensor> EpochTotals::tensors() const { return {{"sums", sums_}}; }

void EpochTotals::restore(const std::map<std::string, at::Tensor>& tensors) { sums_.copy_(tensors.at("sums")); }

}  // namespace dha
