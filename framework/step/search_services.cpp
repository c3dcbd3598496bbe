#include "step/search_services.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "component/leaf_gates.hpp"
#include "dha/error.hpp"
#include "model/precision.hpp"
#include "step/calibrated_statistics.hpp"
#include "step/displacement.hpp"
#include "step/evaluate.hpp"
#include "step/joint_step.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

namespace {

// Running statistics stay as they are in every mode.
NetworkMode network_mode(EvaluationMode mode, const StageParts& parts) {
  switch (mode) {
    case EvaluationMode::kTraining:
      return {.batch_statistics = true,
              .update_statistics = false,
              .drop_path = parts.training_mode().drop_path,
              .auxiliary_head = true};
    case EvaluationMode::kBatchStatistics:
      return {.batch_statistics = true, .update_statistics = false, .drop_path = 0, .auxiliary_head = false};
    default:
      return kEvaluationMode;
  }
}

// The tensors of a list that the gradient is to be computed for, with their positions.
struct Inputs {
  std::vector<at::Tensor> tensors;
  std::vector<size_t> positions;

  explicit Inputs(const std::vector<at::Tensor>& candidates) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (!candidates[i].requires_grad()) continue;  // frozen at the moment
      tensors.push_back(candidates[i]);
      positions.push_back(i);
    }
  }
};

std::vector<at::Tensor> weights_of(const Gates& gates) {
  std::vector<at::Tensor> weights;
  for (const ChoiceGates& choice : gates.choices) weights.push_back(choice.weights);
  return weights;
}

// Nothing but what the request asks for is computed: gradients of gates alone need none of the convolutions' weights.
// The gradients that the weights hold stay as they are.
void compute_gradients(const at::Tensor& loss, const Gates& leaves, const StageParts& parts,
                       const EvaluationRequest& request, Evaluation& evaluation) {
  const Inputs gates(request.gate_gradients ? weights_of(leaves) : std::vector<at::Tensor>());
  const Inputs weights(request.weight_gradients ? parts.weights() : std::vector<at::Tensor>());
  std::vector<at::Tensor> inputs = gates.tensors;
  inputs.insert(inputs.end(), weights.tensors.begin(), weights.tensors.end());
  if (inputs.empty()) return;
  const std::vector<at::Tensor> gradients =
      torch::autograd::grad({loss}, inputs, {}, /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
  if (request.gate_gradients) {
    evaluation.gate_gradients.active.resize(leaves.choices.size());
    for (size_t i = 0; i < leaves.choices.size(); ++i)
      evaluation.gate_gradients.active[i] = at::zeros_like(leaves.choices[i].weights).detach();
    for (size_t i = 0; i < gates.positions.size(); ++i)
      if (gradients[i].defined()) evaluation.gate_gradients.active[gates.positions[i]] = gradients[i];
    evaluation.gate_gradients.observed = observed_gradients(leaves, parts.network());
  }
  if (!request.weight_gradients) return;
  evaluation.weight_gradients.resize(parts.weights().size());
  for (size_t i = 0; i < weights.positions.size(); ++i)
    evaluation.weight_gradients[weights.positions[i]] = gradients[gates.tensors.size() + i];
}

}  // namespace

StageSearchServices::StageSearchServices(StageParts& parts, StageData& data, const Normalizer& normalizer,
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

const PreparedBatch& StageSearchServices::batch_for(EvaluationData data) {
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

Evaluation StageSearchServices::evaluate(const Gates& gates, const EvaluationRequest& request) {
  parts_.check(gates);
  const Displacement displaced(parts_.weights(), request.displacement, request.scale, parts_.searcher().id());
  return request.data == EvaluationData::kWholeValidation ? evaluate_whole(gates) : evaluate_batch(gates, request);
}

Evaluation StageSearchServices::evaluate_batch(const Gates& gates, const EvaluationRequest& request) {
  const PreparedBatch& batch = batch_for(request.data);
  const at::AutoGradMode gradient_mode(request.gate_gradients || request.weight_gradients);
  const Gates leaves = leaf_gates(gates, weight_type(options_.precision), request.gate_gradients);
  const ScopedMode mode(parts_, network_mode(request.mode, parts_));
  NetworkOutput output;
  {
    const PrecisionScope scope(options_.precision, options_.device);
    output = parts_.network().forward(batch.images, leaves);
  }
  const double auxiliary_weight = request.mode == EvaluationMode::kTraining ? parts_.network().auxiliary_weight() : 0;
  const at::Tensor loss = criterion_(output, batch.labels, auxiliary_weight).mean();
  Evaluation evaluation;
  evaluation.loss = loss.detach();
  evaluation.accuracy = correct_predictions(output.logits, batch.labels).to(at::kFloat).mean();
  if (!request.gate_gradients && !request.weight_gradients) return evaluation;
  compute_gradients(loss_scale_.scaled(loss), leaves, parts_, request, evaluation);
  loss_scale_.unscale(all_gradients(evaluation.weight_gradients, evaluation.gate_gradients), /*adapts=*/false);
  return evaluation;
}

Evaluation StageSearchServices::evaluate_whole(const Gates& gates) {
  if (!data_.validation) batch_for(EvaluationData::kNextValidation);  // throws with the reason
  const Gates leaves = leaf_gates(gates, weight_type(options_.precision), false);
  const EvaluationSetting setting{normalizer_, options_.precision, options_.device};
  std::optional<CalibratedStatistics> statistics;
  if (gates.needs_calibration) statistics.emplace(parts_, leaves, *data_.calibration, setting);
  const Measurement measured = dha::evaluate(parts_, leaves, *data_.validation, setting, Stop::kAfterwards);
  return {at::scalar_tensor(measured.loss()), at::scalar_tensor(measured.accuracy()), {}, {}};
}

std::vector<at::Tensor> StageSearchServices::preview_step(const std::vector<at::Tensor>& weight_gradients) {
  return parts_.hyper().preview({parts_.weights(), weight_gradients, progress_});
}

}  // namespace dha
