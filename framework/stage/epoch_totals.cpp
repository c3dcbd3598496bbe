#include "stage/epoch_totals.hpp"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>

namespace dha {

EpochTotals::EpochTotals(at::Device device) : sums_(at::zeros({4}, at::TensorOptions(device).dtype(at::kDouble))) {}

void EpochTotals::add(const at::Tensor& losses, const at::Tensor& correct) {
  sums_.select(0, 0).add_(losses.sum(at::kDouble));
  sums_.select(0, 1).add_(correct.sum(at::kDouble));
  sums_.select(0, 2).add_(static_cast<double>(losses.size(0)));
  sums_.select(0, 3).add_(at::isfinite(sums_.select(0, 0)));  // a sum stays infinite or NaN once it is
}

EpochTotals::Means EpochTotals::means() const { return means_of(sums_.cpu().const_data_ptr<double>()); }

EpochTotals::Means EpochTotals::means_of(const double* sums) {
  if (sums[2] == 0) return {};
  return {sums[0] / sums[2], sums[1] / sums[2], static_cast<int64_t>(sums[2]), static_cast<int64_t>(sums[3])};
}

void EpochTotals::reset() { sums_.zero_(); }

std::map<std::string, at::Tensor> EpochTotals::tensors() const { return {{"sums", sums_}}; }

void EpochTotals::restore(const std::map<std::string, at::Tensor>& tensors) { sums_.copy_(tensors.at("sums")); }

}  // namespace dha
