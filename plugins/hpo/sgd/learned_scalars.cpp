#include "learned_scalars.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "dha/error.hpp"

namespace dha::sgd {

namespace {

at::Tensor pair(double learning_rate, double weight_decay, at::Device device) {
  return at::tensor({learning_rate, weight_decay}, at::TensorOptions().dtype(at::kDouble)).to(device);
}

const at::Tensor& entry(const State& state, const std::string& name, int64_t elements) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end() || found->second.numel() != elements)
    throw Error(ErrorCode::kInvalidParameter, "the state to restore has no '" + name + "' of " +
                                                  std::to_string(elements) +
                                                  " elements; it is not one of dha.hypergradient");
  return found->second;
}

}  // namespace

LearnedScalars::LearnedScalars(const LearnedScalar& learning_rate, const LearnedScalar& weight_decay, double momentum,
                               double decay, at::Device device)
    : momentum_(momentum),
      decay_(decay),
      minimum_(pair(learning_rate.minimum, weight_decay.minimum, device)),
      maximum_(pair(learning_rate.maximum, weight_decay.maximum, device)),
      rate_(pair(learning_rate.rate, weight_decay.rate, device)),
      values_(pair(learning_rate.initial, weight_decay.initial, device)),
      buffer_(at::zeros({2}, values_.options())),
      skipped_(at::zeros({}, values_.options().dtype(at::kLong))) {}

void LearnedScalars::descend(const at::Tensor& gradient) {
  const at::Tensor decayed = gradient + decay_ * values_;
  const at::Tensor buffer = momentum_ * buffer_ + decayed;
  const at::Tensor step = decayed + momentum_ * buffer;
  const at::Tensor sound = at::isfinite(step).all();
  values_.copy_(at::where(sound, at::clamp(values_ - rate_ * step, minimum_, maximum_), values_));
  buffer_.copy_(at::where(sound, buffer, buffer_));
  skipped_.add_(sound.logical_not());
}

void LearnedScalars::save(State& state) const {
  state.tensors["learning_rate"] = learning_rate();
  state.tensors["weight_decay"] = weight_decay();
  state.tensors["hyper_momentum"] = buffer_;
  state.tensors["skipped_probes"] = skipped_;
}

void LearnedScalars::restore(const State& state) {
  const at::Tensor values =
      at::stack({entry(state, "learning_rate", 1).reshape({}), entry(state, "weight_decay", 1).reshape({})});
  const at::Tensor& buffer = entry(state, "hyper_momentum", 2);
  const at::Tensor& skipped = entry(state, "skipped_probes", 1);
  values_.copy_(at::clamp(values.to(values_.options()), minimum_, maximum_));
  buffer_.copy_(buffer);
  skipped_.copy_(skipped.reshape({}));
}

}  // namespace dha::sgd
