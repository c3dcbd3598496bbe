// Learning rate and weight decay as learned scalars: gradient descent with Nesterov momentum inside closed ranges.
//
//   d = gradient + decay * value;  buf = mu * buf + d;  value <- clamp(value - rate * (d + mu * buf), range)
//
// They are float64 on any device, because one step of 1e-8 would be lost on a float32 learning rate. Nothing here makes
// a host-device synchronisation: what is not finite is sorted out on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/component.hpp"

namespace dha::sgd {

struct LearnedScalar {
  double minimum = 0, maximum = 0;  // closed range
  double initial = 0;               // inside it
  double rate = 0;                  // of its descent; 0: stays where it is
};

class LearnedScalars {
 public:
  LearnedScalars(const LearnedScalar& learning_rate, const LearnedScalar& weight_decay, double momentum, double decay,
                 at::Device device);

  // 0-dimensional, over the memory that descend() writes to.
  at::Tensor learning_rate() const { return values_.select(0, 0); }
  at::Tensor weight_decay() const { return values_.select(0, 1); }

  // One step against `gradient`  // (2), float64: of learning rate and weight decay
  // Where the step is not finite, in either, both scalars and their momentum stay as they are and skipped() grows by 1.
  void descend(const at::Tensor& gradient);

  // 0-dimensional, int64: steps that were left out since construction or restore().
  const at::Tensor& skipped() const { return skipped_; }

  // "learning_rate", "weight_decay", "hyper_momentum" and "skipped_probes".
  void save(State& state) const;

  // Values are clamped to the ranges of this instance. Throws Error{kInvalidParameter} where one is missing.
  void restore(const State& state);

 private:
  double momentum_, decay_;
  at::Tensor minimum_, maximum_, rate_;  // (2), float64
  at::Tensor values_, buffer_;           // (2), float64
  at::Tensor skipped_;
};

}  // namespace dha::sgd
