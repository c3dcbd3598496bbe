#include "step/evaluate.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/signals.hpp"
#include "step/metrics.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

void run_network(Network& network, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting, Stop stop,
                 const OutputObserver& observe) {
  feed.begin(0, 0);
  while (const std::optional<Batch> batch = feed.next()) {
    if (stop == Stop::kAtOnce && stop_requested())
      throw Error(ErrorCode::kCancelled, "interrupted during an evaluation");
    if (batch->labels.size(0) == 0) continue;
    NetworkOutput output;
    {
      const PrecisionScope scope(setting.precision, setting.device);
      output = network.forward(setting.normalizer(batch->images), gates);
    }
    observe(output, *batch);
  }
}

Measurement evaluate(const StageParts& parts, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting,
                     Stop stop, const OutputObserver& observe) {
  const at::NoGradGuard no_grad;
  const ScopedMode evaluation(parts, kEvaluationMode);
  std::vector<at::Tensor> sums(metrics().size(), at::zeros({}, at::TensorOptions(setting.device).dtype(at::kDouble)));
  Measurement result;
  run_network(parts.network(), gates, feed, setting, stop, [&](const NetworkOutput& output, const Batch& batch) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = sums[i].add(metrics()[i].sum(output, batch.labels));
    if (observe) observe(output, batch);
    result.images += batch.labels.size(0);
  });
  if (result.images == 0) throw Error(ErrorCode::kData, "none of the images to evaluate on can be read");
  const at::Tensor means = at::stack(sums).div(static_cast<double>(result.images)).cpu();
  for (size_t i = 0; i < sums.size(); ++i) result.values.set(metrics()[i].name, means.const_data_ptr<double>()[i]);
  return result;
}

}  // namespace dha
