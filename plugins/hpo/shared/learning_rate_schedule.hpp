// The learning rate over a stage: warm-up, then constant, cosine (with restarts or without), linear or step-wise decay.
#pragma once

#include <cstdint>

#include "dha/component.hpp"

namespace dha::hpo {

enum class Decay { kConstant, kCosine, kCosineRestarts, kLinear, kStep };

struct LearningRateSchedule {
  Decay decay = Decay::kConstant;
  double peak = 0.025;
  double minimum = 0;       // where cosine and linear end, and below which no decay goes
  double step_epochs = 30;  // kStep: multiply by step_factor after each so many epochs
  double step_factor = 0.1;
  double restart_epochs = 10;  // kCosineRestarts: length of the first cosine
  double restart_factor = 2;   // length of each next one as a multiple, >= 1
  double warm_up_epochs = 0;
  bool by_step = false;  // whether the rate moves at each step or at the start of each epoch

  // The rate of the step at `progress`. With e the epochs so far (whole ones; by_step: fractions of step /
  // steps_per_epoch too), E the planned epochs, W the warm-up and x = (e - W) / (E - W):
  //   warm-up   peak * (e + 1) / W, or per step peak * (e + 1 / steps_per_epoch) / W, while e < W, at most peak
  //   constant  peak
  //   cosine    minimum + (peak - minimum) * (1 + cos(pi x)) / 2      (SGDR, arXiv 1608.03983, equation 5)
  //   restarts  the same with x = t / T, t the epochs since the last restart and T the length of its cosine: the first
  //             has restart_epochs, each next one restart_factor times as many (SGDR, section 3)
  //   linear    peak + (minimum - peak) * x
  //   step      max(minimum, peak * step_factor ^ floor((e - W) / step_epochs))
  // Without warm-up and by epoch this is what torch's CosineAnnealingLR, CosineAnnealingWarmRestarts, LinearLR and
  // StepLR give.
  double at(const Progress& progress) const;

 private:
  double cosine(double share) const;
};

}  // namespace dha::hpo
