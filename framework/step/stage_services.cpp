#include "step/stage_services.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "component/leaf_gates.hpp"
#include "dha/error.hpp"
#include "model/gradients.hpp"
#include "model/precision.hpp"
#include "pipeline/constraints.hpp"
#include "step/evaluate.hpp"
#include "step/joint_step.hpp"

namespace dha {

namespace {

// Copies of tensors that are put back when the object goes, so that an evaluation leaves them as they were, to the bit.
class Restored {
 public:
  explicit Restored(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {
    for (const at::Tensor& tensor : tensors_) copies_.push_back(tensor.detach().clone());
  }
  ~Restored() {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(copies_[i]);
  }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  std::vector<at::Tensor> tensors_, copies_;
};

// The gradients that weights have, out of the way of a backward pass and put back when the object goes.
class GradientsAside {
 public:
  explicit GradientsAside(const std::vector<at::Tensor>& weights)
      : weights_(weights), gradients_(take_gradients(weights)) {}
  ~GradientsAside() {
    for (size_t i = 0; i < weights_.size(); ++i) weights_[i].mutable_grad() = gradients_[i];
  }
  GradientsAside(const GradientsAside&) = delete;
  GradientsAside& operator=(const GradientsAside&) = delete;

 private:
  const std::vector<at::Tensor>& weights_;
  std::vector<at::Tensor> gradients_;
};

// The network in the mode of an evaluation; when the object goes, as the stage trains it.
class InMode {
 public:
  InMode(const StageParts& parts, EvaluationMode mode) : parts_(parts) {
    parts.network().train(mode != EvaluationMode::kRunningStatistics);
    if (mode == EvaluationMode::kBatchStatistics) parts.network().set_drop_path(0);
  }
  ~InMode() {
    parts_.network().train(true);
    parts_.network().set_drop_path(parts_.drop_path());
  }
  InMode(const InMode&) = delete;
  InMode& operator=(const InMode&) = delete;

 private:
  const StageParts& parts_;
};

std::vector<at::Tensor> tensors_of(const std::vector<NamedTensor>& named) {
  std::vector<at::Tensor> tensors;
  for (const NamedTensor& entry : named) tensors.push_back(entry.tensor);
  return tensors;
}

// A list that is too short, or a shape that would be broadcast, is a searcher's mistake that no result would show.
void check_displacement(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement,
                        const std::string& searcher) {
  if (displacement.empty()) return;
  if (displacement.size() != weights.size())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("{} asked for an evaluation beside the weights with {} displacements for {} weights",
                            searcher, displacement.size(), weights.size()));
  for (size_t i = 0; i < weights.size(); ++i)
    if (displacement[i].defined() && displacement[i].sizes() != weights[i].sizes())
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{} asked for an evaluation beside the weights whose displacement {} has another shape "
                              "than the weight",
                              searcher, i));
}

std::vector<at::Tensor> displaced(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement) {
  std::vector<at::Tensor> chosen;
  for (size_t i = 0; i < displacement.size(); ++i)
    if (displacement[i].defined()) chosen.push_back(weights[i]);
  return chosen;
}

void displace(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement, double scale) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < displacement.size(); ++i)
    if (displacement[i].defined()) weights[i].add_(displacement[i], scale);
}

}  // namespace

StageServices::StageServices(StageParts& parts, StageData& data, const Normalizer& normalizer,
                             const Criterion& criterion, LossScale& loss_scale, const StepOptions& options,
                             const Progress& progress, PreparedBatch training_batch)
    : parts_(parts),
      data_(data),
      normalizer_(normalizer),
      criterion_(criterion),
      loss_scale_(loss_scale),
      options_(options),
      progress_(progress),
      training_batch_(std::move(training_batch)) {}

const PreparedBatch& StageServices::batch_for(EvaluationData data) {
  if (data == EvaluationData::kTrainingBatch) {
    if (!training_batch_.images.defined())
      throw Error(ErrorCode::kContractViolation, "the training batch may be evaluated in before_step() only");
    return training_batch_;
  }
  if (!data_.search_batches)
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("stage '{}': {} needs validation images and there are none; set validation_fraction",
                            parts_.config().name, parts_.searcher().id()));
  if (data == EvaluationData::kNextValidation || !validation_batch_.images.defined()) {
    const Batch batch = data_.search_batches->next();
    validation_batch_ = {normalizer_(batch.images), batch.labels};
  }
  return validation_batch_;
}

Evaluation StageServices::evaluate(const Gates& gates, const EvaluationRequest& request) {
  parts_.check(gates);
  check_displacement(parts_.weights(), request.displacement, parts_.searcher().id());
  const Restored weights(displaced(parts_.weights(), request.displacement));
  displace(parts_.weights(), request.displacement, request.scale);
  if (request.data == EvaluationData::kWholeValidation) return evaluate_whole(gates);

  const PreparedBatch& batch = batch_for(request.data);
  Network& network = parts_.network();
  const Restored buffers(tensors_of(network.buffers()));
  const GradientsAside gradients(parts_.weights());
  const bool with_gradients = request.gate_gradients || request.weight_gradients;
  const at::AutoGradMode gradient_mode(with_gradients);
  const Gates leaves = leaf_gates(gates, weight_type(options_.precision), request.gate_gradients);
  NetworkOutput output;
  {
    const InMode mode(parts_, request.mode);
    const PrecisionScope scope(options_.precision, options_.device);
    output = guarded_call(parts_.space().id(), "forward", [&] { return network.forward(batch.images, leaves); });
  }
  const double auxiliary_weight = request.mode == EvaluationMode::kTraining ? network.auxiliary_weight() : 0;
  const at::Tensor loss = criterion_(output, batch.labels, auxiliary_weight).mean();
  Evaluation evaluation;
  evaluation.loss = loss.detach();
  evaluation.accuracy = correct_predictions(output.logits, batch.labels).to(at::kFloat).mean();
  if (!with_gradients) return evaluation;
  loss_scale_.backward(loss);
  if (request.gate_gradients) evaluation.gate_gradients = gate_gradients(leaves, network);
  if (request.weight_gradients) evaluation.weight_gradients = take_gradients(parts_.weights());
  loss_scale_.unscale(all_gradients(evaluation.weight_gradients, evaluation.gate_gradients), /*adapts=*/false);
  return evaluation;
}

Evaluation StageServices::evaluate_whole(const Gates& gates) {
  if (!data_.validation) batch_for(EvaluationData::kNextValidation);  // throws with the reason
  const Measurement measured =
      dha::evaluate(parts_, leaf_gates(gates, weight_type(options_.precision), false), *data_.validation, normalizer_,
                    options_.precision, options_.device, Stop::kAfterwards);
  Evaluation evaluation;
  evaluation.loss = at::scalar_tensor(measured.loss);
  evaluation.accuracy = at::scalar_tensor(measured.accuracy);
  return evaluation;
}

std::vector<at::Tensor> StageServices::preview_step(const std::vector<at::Tensor>& weight_gradients) {
  return parts_.hyper().call("preview", [&](HyperOptimizer& hyper) {
    return hyper.preview({parts_.weights(), weight_gradients, progress_});
  });
}

std::vector<NamedTensor> StageServices::hyper_values() {
  return parts_.hyper().call("values", [](HyperOptimizer& hyper) { return hyper.values(); });
}

bool StageServices::allows(const std::string& architecture) {
  const Constraints constraints(parts_.config().constraints);
  return constraints.empty() || constraints.allow(cost(architecture));
}

Cost StageServices::cost(const std::string& architecture) {
  return parts_.space().call("cost", [&](Space& space) { return space.cost(architecture); });
}

}  // namespace dha
