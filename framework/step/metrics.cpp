#include "step/metrics.hpp"

#include "model/criterion.hpp"

namespace dha {

namespace {

at::Tensor loss_sum(const NetworkOutput& output, const at::Tensor& labels) {
  return Criterion(0)(output, labels, 0).sum(at::kDouble);
}

at::Tensor accuracy_sum(const NetworkOutput& output, const at::Tensor& labels) {
  return correct_predictions(output.logits, labels).sum(at::kDouble);
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all{{"loss", loss_sum}, {"accuracy", accuracy_sum}};
  return all;
}

}  // namespace dha
