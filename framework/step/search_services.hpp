// A stage's services for its searcher: evaluations at the weights or at displaced weights, previews of the update.
#pragma once

#include "component/stage_parts.hpp"
#include "data/stage_data.hpp"
#include "dha/searcher.hpp"
#include "model/criterion.hpp"
#include "model/loss_scale.hpp"
#include "model/normalizer.hpp"

namespace dha {

struct StepOptions;

// A normalised batch.
struct PreparedBatch {
  at::Tensor images;  // float (N, channels, H, W)
  at::Tensor labels;
};

class StageSearchServices : public SearchServices {
 public:
  // `training_batch` is empty outside before_step(). References outlive the object.
  StageSearchServices(StageParts& parts, StageData& data, const Normalizer& normalizer, const Criterion& criterion,
                      LossScale& loss_scale, const StepOptions& options, const Progress& progress,
                      PreparedBatch training_batch);

  const Progress& progress() const override { return progress_; }
  Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) override;
  std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& weight_gradients) override;
  std::vector<NamedTensor> hyper_values() override { return parts_.hyper().values(); }

 private:
  const PreparedBatch& batch_for(EvaluationData data);
  Evaluation evaluate_whole(const Gates& gates);
  Evaluation evaluate_batch(const Gates& gates, const EvaluationRequest& request);

  StageParts& parts_;
  StageData& data_;
  const Normalizer& normalizer_;
  const Criterion& criterion_;
  LossScale& loss_scale_;
  const StepOptions& options_;
  Progress progress_;
  PreparedBatch training_batch_, validation_batch_;
};

}  // namespace dha
