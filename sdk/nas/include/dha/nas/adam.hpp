// Adam for architecture variables: the rule of torch.optim.Adam with L2 in the gradient (Kingma and Ba, 2015), which
// can leave decided entries alone.
//
// Stock Adam keeps moving a variable whose gradient is zero, by momentum and weight decay. A decided variable must not
// move, so step() takes a mask of those that are live. No function but those for the state waits for the device.
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

  // Starts anew for variables of this shape, type and device.
  void reset(const at::Tensor& variables);

  // Updates `variables`, floating, in place and without recording it for autograd. `gradient` has their shape and type.
  // `live`, where it is defined: bool, broadcastable to their shape, false for entries that stay as they are, whatever
  // their gradient.
  void step(const at::Tensor& variables, const at::Tensor& gradient, const at::Tensor& live = {});

  // The averages and the count of steps as tensors "<name>.average", "<name>.square_average" and "<name>.steps".
  void save(const std::string& name, State& state) const;

  // Copies what save() wrote. Throws Error{kInvalidParameter} where a tensor is missing or has another shape than those
  // of reset(), and changes nothing then.
  void restore(const std::string& name, const State& state);

 private:
  AdamOptions options_;
  at::Tensor average_, square_average_;
  at::Tensor steps_;  // double, 0-dimensional, on the variables' device: a replayed step must find the count there
};

}  // namespace dha::nas
