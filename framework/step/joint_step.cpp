#include "step/joint_step.hpp"

#include <ATen/record_function.h>

#include "component/check_augmented.hpp"
#include "component/leaf_gates.hpp"
#include "model/gradients.hpp"
#include "model/precision.hpp"
#include "step/search_services.hpp"

namespace dha {

JointStep::JointStep(StageParts& parts, StageData& data, const Normalizer& normalizer, const Criterion& criterion,
                     LossScale& loss_scale, const StepOptions& options)
    : parts_(parts),
      data_(data),
      normalizer_(normalizer),
      criterion_(criterion),
      loss_scale_(loss_scale),
      options_(options) {
  plan_ = parts_.hyper().probe();
}

StepInput JointStep::input_for(const Batch& batch) {
  StepInput input{batch, std::nullopt};
  if (plan_.time == ProbeTime::kBatch && plan_.data != ProbeData::kSameBatch) input.probe = data_.probe_batches->next();
  return input;
}

StepReport JointStep::run(const StepInput& input, const Progress& progress) {
  const View view = augment(input.batch);
  const StepReport report = train(view, progress);
  if (plan_.time == ProbeTime::kBatch) probe_batch(view, input.probe, progress);
  return report;
}

// The pass that all learn from. What it kept for its gradients is gone when a second pass begins.
StepReport JointStep::train(const View& view, const Progress& progress) {
  const at::Tensor images = normalizer_(view.images);
  const bool searches = parts_.searches();
  if (searches) {
    StageSearchServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress,
                                 {images, view.labels});
    parts_.searcher().before_step(services);
  }
  const Gates gates = parts_.gates(GatePurpose::kWeightStep, progress);
  const NetworkOutput output = forward(images, gates);
  const at::Tensor losses = criterion_(output, view.labels, parts_.network().auxiliary_weight());
  const StepReport report{losses.detach(), correct_predictions(output.logits, view.labels)};
  learn_policy(view, report.losses);
  const std::vector<at::Tensor> gradients = backward(losses);
  const GateGradients of_gates =
      searches && gates.needs_gradient ? gate_gradients(gates, parts_.network()) : GateGradients();
  loss_scale_.unscale(all_gradients(gradients, of_gates), /*adapts=*/true);

  if (plan_.time == ProbeTime::kNext && !may_cross_a_change(progress)) learn_hyper(gradients, progress);
  if (searches) {
    RECORD_USER_SCOPE("learn architecture");
    parts_.searcher().learn({progress, of_gates, report.losses, report.correct});
  }
  update(gradients, progress);
  return report;
}

// Whether the searcher may have changed its gates since the last step, as it does at the end of an epoch. The gradient
// of this step is then one of another function than the last step minimised. It follows from the progress, so that a
// resumed stage agrees.
bool JointStep::may_cross_a_change(const Progress& progress) const { return parts_.searches() && progress.step == 0; }

std::vector<at::Tensor> JointStep::backward(const at::Tensor& losses) {
  RECORD_USER_SCOPE("backward");
  loss_scale_.scaled(losses.mean()).backward();
  return take_gradients(parts_.weights());
}

void JointStep::update(const std::vector<at::Tensor>& gradients, const Progress& progress) {
  RECORD_USER_SCOPE("update weights");
  if (options_.gradient_clip > 0) clip_gradients(gradients, options_.gradient_clip);
  parts_.hyper().step({parts_.weights(), gradients, progress});
}

JointStep::View JointStep::augment(const Batch& batch) {
  RECORD_USER_SCOPE("augment");
  View view{batch.images, batch.labels, {}};
  for (const auto& augmenter : parts_.augmenters()) {
    Augmented next = augmenter->apply(view.images, view.labels);
    check_augmented(next, view.images, augmenter->id());
    view.images = std::move(next.images);
    view.labels = std::move(next.labels);
    view.records.push_back(std::move(next.record));
  }
  return view;
}

void JointStep::learn_policy(const View& view, const at::Tensor& losses) {
  RECORD_USER_SCOPE("learn policy");
  for (size_t i = 0; i < view.records.size(); ++i) parts_.augmenters()[i]->learn(view.records[i], losses);
}

void JointStep::learn_hyper(const std::vector<at::Tensor>& gradients, const Progress& progress) {
  RECORD_USER_SCOPE("learn hyper-parameters");
  parts_.hyper().learn({parts_.weights(), gradients, progress});
}

// The second pass of probe `batch` (paper, Eq. 3; facts: DHA step 5): at the new weights and the new gates, in training
// mode, running statistics included, as in the authors' code.
void JointStep::probe_batch(const View& view, const std::optional<Batch>& probe, const Progress& progress) {
  const at::Tensor& images = probe ? probe->images : view.images;
  const at::Tensor& labels = probe ? probe->labels : view.labels;
  const NetworkOutput output = forward(normalizer_(images), parts_.gates(GatePurpose::kProbe, progress));
  const double auxiliary_weight = plan_.with_auxiliary_loss ? parts_.network().auxiliary_weight() : 0;
  const std::vector<at::Tensor> gradients = backward(criterion_(output, labels, auxiliary_weight));
  loss_scale_.unscale(gradients, /*adapts=*/true);
  learn_hyper(gradients, progress);
}

NetworkOutput JointStep::forward(const at::Tensor& images, const Gates& gates) {
  RECORD_USER_SCOPE("forward");
  const PrecisionScope scope(options_.precision, options_.device);
  return parts_.network().forward(images, gates);
}

}  // namespace dha
