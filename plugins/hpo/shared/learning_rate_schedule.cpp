#include "learning_rate_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dha::hpo {

namespace {

// How much of the current cosine has passed, in [0, 1).
double share_of_restart(double epochs, double first, double factor) {
  double start = 0, length = first;
  while (epochs >= start + length) {
    start += length;
    length *= factor;
  }
  return (epochs - start) / length;
}

}  // namespace

double LearningRateSchedule::cosine(double share) const {
  return minimum + (peak - minimum) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double LearningRateSchedule::at(const Progress& progress) const {
  const double one_step = by_step ? 1.0 / static_cast<double>(std::max<int64_t>(progress.steps_per_epoch, 1)) : 1.0;
  const double epoch =
      static_cast<double>(progress.epoch) + (by_step ? static_cast<double>(progress.step) * one_step : 0.0);
  if (epoch < warm_up_epochs) return peak * std::min(1.0, (epoch + one_step) / warm_up_epochs);

  const double decayed = epoch - warm_up_epochs;
  const double span = static_cast<double>(progress.epochs) - warm_up_epochs;
  const double share = span > 0 ? std::clamp(decayed / span, 0.0, 1.0) : 1.0;
  switch (decay) {
    case Decay::kConstant:
      return peak;
    case Decay::kCosine:
      return cosine(share);
    case Decay::kCosineRestarts:
      return cosine(share_of_restart(decayed, restart_epochs, restart_factor));
    case Decay::kLinear:
      return peak + (minimum - peak) * share;
    case Decay::kStep:
      return std::max(minimum, peak * std::pow(step_factor, std::floor(decayed / step_epochs)));
  }
  return peak;
}

}  // namespace dha::hpo
