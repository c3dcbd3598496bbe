// The baseline of REINFORCE: a moving average of rewards, which lowers the variance of the gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "dha/component.hpp"

namespace dha::nas {

// b <- decay b + (1 - decay) reward, starting at b = 0; the gradient of the loss -log p * (reward - b) uses the new b.
// This is the order of the published ENAS code, with a decay of 0.99.
class RewardBaseline {
 public:
  // decay in [0, 1).
  RewardBaseline(double decay, at::Device device);

  // Adds a reward (0-dimensional, on the device) to the baseline and returns reward - b, double and 0-dimensional,
  // without a gradient. Makes no host-device synchronisation.
  at::Tensor advantage(const at::Tensor& reward);

  // double, 0-dimensional.
  const at::Tensor& value() const { return value_; }

  // The baseline as a tensor of that name. restore() throws Error{kInvalidParameter} if it is missing or has another
  // shape.
  void save(const std::string& name, State& state) const;
  void restore(const std::string& name, const State& state);

 private:
  double decay_;
  at::Tensor value_;
};

}  // namespace dha::nas
