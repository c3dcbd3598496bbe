#include "dha/nas/reward_baseline.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "dha/nas/state.hpp"

namespace dha::nas {

RewardBaseline::RewardBaseline(double decay, at::Device device)
    : decay_(decay), value_(at::zeros({}, at::TensorOptions(device).dtype(at::kDouble))) {}

at::Tensor RewardBaseline::advantage(const at::Tensor& reward) {
  const at::NoGradGuard no_grad;
  const at::Tensor gained = reward.to(at::kDouble);
  value_.mul_(decay_).add_(gained, 1 - decay_);
  return gained.sub(value_);
}

void RewardBaseline::save(const std::string& name, State& state) const { state.tensors[name] = value_; }

void RewardBaseline::restore(const std::string& name, const State& state) {
  const at::NoGradGuard no_grad;
  value_.copy_(saved_tensor(state, name, value_.sizes()));
}

}  // namespace dha::nas
