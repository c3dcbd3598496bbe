#include "model/criterion.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>

namespace dha {

namespace {

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing) {
  const at::Tensor scores = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  return at::cross_entropy_loss(scores, labels, /*weight=*/{}, at::Reduction::None, /*ignore_index=*/-100,
                                label_smoothing);
}

}  // namespace

at::Tensor Criterion::operator()(const NetworkOutput& output, const at::Tensor& labels, double auxiliary_weight) const {
  at::Tensor losses = cross_entropy(output.logits, labels, label_smoothing_);
  if (output.auxiliary_logits.defined() && auxiliary_weight != 0)
    losses = losses + auxiliary_weight * cross_entropy(output.auxiliary_logits, labels, label_smoothing_);
  return losses;
}

at::Tensor correct_predictions(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor truth = labels.dim() == 2 ? labels.argmax(1) : labels;
  return logits.detach().argmax(1).eq(truth);
}

}  // namespace dha
