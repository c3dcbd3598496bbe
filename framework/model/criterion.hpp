// Cross entropy of a network's output, sample by sample, with the auxiliary head's share.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/space.hpp"

namespace dha {

class Criterion {
 public:
  // label_smoothing in [0, 1).
  explicit Criterion(double label_smoothing) : label_smoothing_(label_smoothing) {}

  // labels: int64 (N), or probabilities (N, classes). Returns (N), of the logits' dtype but at least float32:
  // CE(logits) + auxiliary_weight * CE(auxiliary logits), the latter if they are defined.
  at::Tensor operator()(const NetworkOutput& output, const at::Tensor& labels, double auxiliary_weight) const;

 private:
  double label_smoothing_;
};

// bool (N): whether the largest logit is the label (the most probable one where labels are probabilities).
at::Tensor correct_predictions(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace dha
