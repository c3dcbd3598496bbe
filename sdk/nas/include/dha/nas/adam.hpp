// Adam for architecture variables: the rule of torch.optim.Adam with L2 in the gradient (Kingma and Ba, 2015), with a
// mask that keeps decided entries unchanged.
//
// Standard Adam moves a variable with a zero gradient too, by momentum and weight decay. A decided variable must not
// move, so step() takes a mask of live variables. Only save() and restore() wait for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "dha/component.hpp"

namespace dha::nas {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;  // in [0, 1)
  double weight_decay = 0;            // times the variable, added to the gradient
  double epsilon = 1e-8;
};

class Adam {
 public:
  explicit Adam(const AdamOptions& options) : options_(options) {}

  // Resets the state, for variables of this shape, type and device.
  void reset(const at::Tensor& variables);

  // Updates `variables`, floating, in place and without recording it for autograd. `gradient` has their shape and type.
  // `live`, if defined: bool, broadcastable to their shape, false for entries that must not change.
  void step(const at::Tensor& variables, const at::Tensor& gradient, const at::Tensor& live = {});

  // The averages and the count of steps as tensors "<name>.average", "<name>.square_average" and "<name>.steps".
  void save(const std::string& name, State& state) const;

  // Copies what save() wrote. Throws Error{kInvalidParameter} and changes nothing if a tensor is missing or its shape
  // differs from that of reset().
  void restore(const std::string& name, const State& state);

 private:
  AdamOptions options_;
  at::Tensor average_, square_average_;
  at::Tensor steps_;  // double, 0-dimensional, on the variables' device, where a replayed step reads the count
};

}  // namespace dha::nas
