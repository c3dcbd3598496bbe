#include "skip_dropout.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <utility>

namespace dha::cell {

double SkipDropoutSchedule::rate(const Progress& progress) const {
  const auto epoch = static_cast<double>(progress.epoch), epochs = static_cast<double>(progress.epochs);
  if (progress.epoch < warm_up_epochs) return initial_rate * (epochs - epoch - 1) / epochs;
  return initial_rate * std::exp(-decay_per_epoch * (epoch - static_cast<double>(warm_up_epochs)));
}

at::Tensor drop_elements(const at::Tensor& x, double rate, at::Generator generator) {
  at::Tensor mask;
  {
    const at::NoGradGuard no_grad;
    mask = at::empty_like(x).bernoulli_(1 - rate, std::move(generator)).div_(1 - rate);
  }
  return x.mul(mask);
}

}  // namespace dha::cell
