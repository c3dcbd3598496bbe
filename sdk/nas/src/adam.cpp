#include "dha/nas/adam.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "dha/nas/state.hpp"

namespace dha::nas {

void Adam::reset(const at::Tensor& variables) {
  const at::Tensor values = variables.detach();
  average_ = at::zeros_like(values);
  square_average_ = at::zeros_like(values);
  steps_ = at::zeros({}, values.options().dtype(at::kDouble));
}

void Adam::step(const at::Tensor& variables, const at::Tensor& gradient, const at::Tensor& live) {
  const at::NoGradGuard no_grad;
  steps_.add_(1);
  const at::Tensor correction1 = 1 - at::pow(options_.beta1, steps_);
  const at::Tensor correction2 = 1 - at::pow(options_.beta2, steps_);
  const at::Tensor decayed = gradient.add(variables, options_.weight_decay);
  average_.lerp_(decayed, 1 - options_.beta1);
  square_average_.mul_(options_.beta2).addcmul_(decayed, decayed, 1 - options_.beta2);
  const at::Tensor denominator = square_average_.sqrt().div_(correction2.sqrt()).add_(options_.epsilon);
  const at::Tensor moved = variables - average_ / denominator * (options_.learning_rate / correction1);
  variables.copy_(live.defined() ? at::where(live, moved, variables) : moved);
}

void Adam::save(const std::string& name, State& state) const {
  state.tensors[name + ".average"] = average_;
  state.tensors[name + ".square_average"] = square_average_;
  state.tensors[name + ".steps"] = steps_;
}

void Adam::restore(const std::string& name, const State& state) {
  const at::NoGradGuard no_grad;
  const at::Tensor average = saved_tensor(state, name + ".average", average_.sizes());
  const at::Tensor square_average = saved_tensor(state, name + ".square_average", square_average_.sizes());
  const at::Tensor steps = saved_tensor(state, name + ".steps", steps_.sizes());
  average_.copy_(average);
  square_average_.copy_(square_average);
  steps_.copy_(steps);
}

}  // namespace dha::nas
