#include "code_adam.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace dha::ista {

void CodeAdam::reset(const at::Tensor& code) {
  average_ = at::zeros_like(code);
  square_average_ = at::zeros_like(code);
  steps_ = at::zeros({}, code.options().dtype(at::kDouble));
}

void CodeAdam::step(at::Tensor& code, const at::Tensor& gradient, const at::Tensor& live) {
  steps_.add_(1);
  const at::Tensor correction1 = 1 - at::pow(options_.beta1, steps_);
  const at::Tensor correction2 = 1 - at::pow(options_.beta2, steps_);
  const at::Tensor decayed = gradient.add(code, options_.weight_decay);
  average_.lerp_(decayed, 1 - options_.beta1);
  square_average_.mul_(options_.beta2).addcmul_(decayed, decayed, 1 - options_.beta2);
  const at::Tensor denominator = square_average_.sqrt().div_(correction2.sqrt()).add_(options_.epsilon);
  const at::Tensor moved = code - average_ / denominator * (options_.learning_rate / correction1);
  code.copy_(at::where(live, moved, code));
}

void CodeAdam::restore(const at::Tensor& average, const at::Tensor& square_average, int64_t steps) {
  average_.copy_(average);
  square_average_.copy_(square_average);
  steps_.fill_(steps);
}

}  // namespace dha::ista
