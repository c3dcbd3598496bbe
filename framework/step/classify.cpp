#include "step/classify.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <vector>

#include "process/long_work.hpp"

namespace dha {

Classified classify(Network& network, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting,
                    int64_t top) {
  const at::NoGradGuard no_grad;
  // Kept on the device to the end, so that no batch waits for the one before.
  std::vector<at::Tensor> labels, classes, probabilities;
  LongWork work("classifying batches", feed.steps());
  run_network(network, gates, feed, setting, Stop::kAtOnce, [&](const NetworkOutput& output, const Batch& batch) {
    const int64_t count = std::min(top, output.logits.size(1));
    const auto [largest, indices] = at::topk(at::softmax(output.logits.to(at::kDouble), 1), count, 1);
    labels.push_back(batch.labels);
    classes.push_back(indices);
    probabilities.push_back(largest);
    work.advance();
  });
  if (labels.empty())
    return {at::empty({0}, at::kLong), at::empty({0, top}, at::kLong), at::empty({0, top}, at::kDouble)};
  return {at::cat(labels).cpu(), at::cat(classes).cpu(), at::cat(probabilities).cpu()};
}

}  // namespace dha
