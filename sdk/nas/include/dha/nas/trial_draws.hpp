// Random draws of trial searchers: single numbers, and one generator per trial, so that the draws of a trial do not
// depend on those of trials before it.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>

namespace dha::nas {

// Uniform in [0, 1). `generator` is on the CPU.
double draw_share(const at::Generator& generator);

// Uniform over 0 … bound - 1. `generator` is on the CPU; bound >= 1.
int64_t draw_below(int64_t bound, const at::Generator& generator);

class TrialDraws {
 public:
  // Every trial's generator is the same.
  TrialDraws() = default;

  // Takes its seed from `source`, usually Context::host_generator(), by a single draw.
  explicit TrialDraws(const at::Generator& source);

  // A new generator on the CPU that depends only on the seed and `id`.
  at::Generator of(int64_t id) const;

 private:
  uint64_t seed_ = 0;
};

}  // namespace dha::nas
