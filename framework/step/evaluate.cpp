#include "step/evaluate.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "component/stage_parts.hpp"
#include "dha/error.hpp"
#include "model/criterion.hpp"
#include "model/precision.hpp"
#include "plugin/guarded_call.hpp"
#include "process/signals.hpp"

namespace dha {

namespace {

// Evaluation mode for the life of the object.
class InEvaluationMode {
 public:
  explicit InEvaluationMode(Network& network) : network_(network) { network_.train(false); }
  ~InEvaluationMode() { network_.train(true); }
  InEvaluationMode(const InEvaluationMode&) = delete;
  InEvaluationMode& operator=(const InEvaluationMode&) = delete;

 private:
  Network& network_;
};

}  // namespace

Measurement evaluate(const StageParts& parts, const Gates& gates, BatchFeed& feed, const Normalizer& normalizer,
                     const std::string& precision, at::Device device, Stop stop) {
  const at::NoGradGuard no_grad;
  Network& network = parts.network();
  const InEvaluationMode evaluation(network);
  const Criterion criterion(0);
  at::Tensor loss = at::zeros({}, at::TensorOptions(device).dtype(at::kDouble));
  at::Tensor correct = at::zeros({}, at::TensorOptions(device).dtype(at::kLong));
  Measurement result;
  feed.begin(0, 0);
  while (const std::optional<Batch> batch = feed.next()) {
    if (stop == Stop::kAtOnce && stop_requested())
      throw Error(ErrorCode::kCancelled, "interrupted during an evaluation");
    if (batch->labels.size(0) == 0) continue;
    NetworkOutput output;
    {
      const PrecisionScope scope(precision, device);
      const at::Tensor images = normalizer(batch->images);
      output = guarded_call(parts.space().id(), "forward", [&] { return network.forward(images, gates); });
    }
    loss += criterion(output, batch->labels, 0).sum(at::kDouble);
    correct += correct_predictions(output.logits, batch->labels).sum();
    result.images += batch->labels.size(0);
  }
  if (result.images == 0) throw Error(ErrorCode::kData, "none of the images to evaluate on can be read");
  result.loss = loss.item().toDouble() / static_cast<double>(result.images);
  result.accuracy = correct.item().toDouble() / static_cast<double>(result.images);
  return result;
}

}  // namespace dha
