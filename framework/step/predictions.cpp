#include "step/predictions.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <tuple>

#include "report/picture_files.hpp"

namespace dha {

namespace {

// Positions of the largest `count` values, equal ones in their order.
at::Tensor largest(const at::Tensor& values, int64_t count) {
  const at::Tensor order = std::get<1>(at::sort(values, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  return order.narrow(0, 0, std::min(count, values.size(0)));
}

at::Tensor of_class(const at::Tensor& probabilities, const at::Tensor& classes) {
  return probabilities.gather(1, classes.unsqueeze(1)).squeeze(1);
}

}  // namespace

void PredictionRecorder::add(const NetworkOutput& output, const Batch& batch) {
  const at::Tensor probabilities = at::softmax(output.logits.to(at::kFloat), 1);
  predicted_.push_back(output.logits.argmax(1));
  probability_.push_back(of_class(probabilities, predicted_.back()));
  probability_of_true_.push_back(of_class(probabilities, batch.labels));
  const at::Tensor is_mistake = predicted_.back().ne(batch.labels).logical_and(probability_.back().ge(0));  // not NaN
  keep_mistakes(batch.images, at::where(is_mistake, probability_.back(), -1));
}

void PredictionRecorder::keep_mistakes(const at::Tensor& images, const at::Tensor& confidence) {
  const at::Tensor best = largest(confidence, kKeptMistakes);
  at::Tensor kept = images.index_select(0, best), its = confidence.index_select(0, best);
  if (mistakes_.defined()) {
    kept = at::cat({mistakes_, kept});
    its = at::cat({confidence_, its});
    const at::Tensor order = largest(its, kKeptMistakes);
    kept = kept.index_select(0, order);
    its = its.index_select(0, order);
  }
  mistakes_ = kept;
  confidence_ = its;
}

Predictions PredictionRecorder::result() const {
  const at::Tensor confidence = confidence_.cpu();
  const int64_t count = confidence.ge(0).sum().item<int64_t>();
  return {at::cat(predicted_).cpu(), at::cat(probability_).cpu(), at::cat(probability_of_true_).cpu(),
          mistakes_.narrow(0, 0, count).cpu().contiguous()};
}

}  // namespace dha
