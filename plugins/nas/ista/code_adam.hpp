// Adam for the compressed codes: the rule of torch.optim.Adam with L2 in the gradient, leaving frozen rows alone.
//
// Stock Adam keeps moving a parameter whose gradient is zero, by momentum and weight decay; a frozen code must not move
// (ISTA-NAS patched its optimizer for that).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace dha::ista {

struct AdamOptions {
  double learning_rate = 3e-4;
  double beta1 = 0.5, beta2 = 0.999;
  double weight_decay = 1e-3;
  double epsilon = 1e-8;
};

class CodeAdam {
 public:
  explicit CodeAdam(const AdamOptions& options) : options_(options) {}

  // Starts anew for codes of this shape, type and device.
  void reset(const at::Tensor& code);

  // Updates `code`, float (choices, rows), in place. gradient: the same shape. live: bool (choices, 1), false for rows
  // that stay as they are. Makes no host-device synchronisation.
  void step(at::Tensor& code, const at::Tensor& gradient, const at::Tensor& live);

  const at::Tensor& average() const { return average_; }
  const at::Tensor& square_average() const { return square_average_; }
  int64_t steps() const { return steps_.item<int64_t>(); }  // waits for the device

  // Shapes must be those of reset().
  void restore(const at::Tensor& average, const at::Tensor& square_average, int64_t steps);

 private:
  AdamOptions options_;
  at::Tensor average_, square_average_;  // (choices, rows)
  at::Tensor steps_;                     // float64, 0-dimensional: on the device, so that steps may be replayed
};

}  // namespace dha::ista
