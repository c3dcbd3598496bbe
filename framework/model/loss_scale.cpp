#include "model/loss_scale.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

namespace dha {

namespace {

constexpr double kFirstScale = 65536, kGrowth = 2, kBackoff = 0.5;
constexpr int64_t kGrowthInterval = 2000;

}  // namespace

LossScale::LossScale(const std::string& precision, at::Device device) {
  if (precision != "fp16") return;
  scale_ = at::full({1}, kFirstScale, at::TensorOptions(device).dtype(at::kFloat));
  sound_ = at::zeros({1}, at::TensorOptions(device).dtype(at::kInt));
}

at::Tensor LossScale::scaled(const at::Tensor& loss) const {
  return scale_.defined() ? loss * scale_.squeeze(0) : loss;
}

void LossScale::unscale(const std::vector<at::Tensor>& gradients, bool adapts) {
  if (!scale_.defined()) return;
  std::vector<at::Tensor> scaled;
  for (const at::Tensor& gradient : gradients)
    if (gradient.defined()) scaled.push_back(gradient);
  if (scaled.empty()) return;
  at::Tensor unsound = at::zeros({1}, scale_.options());
  at::_amp_foreach_non_finite_check_and_unscale_(scaled, unsound, scale_.reciprocal());
  const at::Tensor is_unsound = unsound.squeeze(0).gt(0);
  for (const at::Tensor& gradient : scaled) gradient.masked_fill_(is_unsound, 0);
  if (adapts) at::_amp_update_scale_(scale_, sound_, unsound, kGrowth, kBackoff, kGrowthInterval);
}

std::vector<at::Tensor> LossScale::tensors() const {
  return scale_.defined() ? std::vector<at::Tensor>{scale_, sound_} : std::vector<at::Tensor>();
}

void LossScale::restore(const std::vector<at::Tensor>& tensors) {
  if (!scale_.defined() || tensors.size() != 2) return;
  scale_.copy_(tensors[0]);
  sound_.copy_(tensors[1]);
}

}  // namespace dha
