// Dropout after the supernet's skip connections, whose rate falls in the course of a stage (P-DARTS, Chen et al., 2019,
// section 3.3; the schedule is that of its public code).
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "dha/component.hpp"

namespace dha::cell {

struct SkipDropoutSchedule {
  double initial_rate = 0;      // in [0, 1); 0: no dropout in any epoch
  int64_t warm_up_epochs = 10;  // in which only weights are trained
  double decay_per_epoch = 0.2;

  // Linear in the warm-up, initial_rate * (epochs - epoch - 1) / epochs; from its end on an exponential decay that
  // starts at initial_rate again.
  double rate(const Progress& progress) const;
};

// `x` with each element dropped with probability `rate`, in [0, 1), and the others scaled by the inverse of what is
// left. Draws from `generator`, on the device of `x`; makes no host-device synchronisation.
at::Tensor drop_elements(const at::Tensor& x, double rate, at::Generator generator);

}  // namespace dha::cell
