// One joint step: augmentation, forward, tau, one backward for theta and the architecture, clipping, the update, eta.
//
// The order is the design's (chapter "The step"); a component sees only its own call. A plain training step uses the
// same code with components that learn nothing. Its parts are scopes for LibTorch's profilers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/stage_parts.hpp"
#include "data/cycling_feed.hpp"
#include "data/stage_data.hpp"
#include "dha/searcher.hpp"
#include "model/criterion.hpp"
#include "model/loss_scale.hpp"
#include "model/normalizer.hpp"

namespace dha {

struct StepOptions {
  double gradient_clip = 5;  // 0: none
  std::string precision = "fp32";
  at::Device device = at::kCPU;
};

// The images of one step.
struct StepInput {
  Batch batch;                 // at least one image
  std::optional<Batch> probe;  // of the second pass, if the hyper-optimizer requests separate images
};

// Per sample, detached, on the device.
struct StepReport {
  at::Tensor losses;   // float (N), auxiliary head included
  at::Tensor correct;  // bool (N)
};

class JointStep {
 public:
  // All references outlive the object.
  JointStep(StageParts& parts, StageData& data, const Normalizer& normalizer, const Criterion& criterion,
            LossScale& loss_scale, const StepOptions& options);

  // A batch with the images of the second pass that belongs to it. At least one image.
  StepInput input_for(const Batch& batch);

  StepReport run(const StepInput& input, const Progress& progress);

 private:
  // A batch after the chain of augmenters: images and labels, and the record of each augmenter.
  struct View {
    at::Tensor images, labels;
    std::vector<at::Tensor> records;
  };

  View augment(const Batch& batch);
  StepReport train(const View& view, const Progress& progress);
  void learn_policy(const View& view, const at::Tensor& losses);
  void learn_hyper(const std::vector<at::Tensor>& gradients, const Progress& progress);
  bool may_cross_a_change(const Progress& progress) const;
  void probe_batch(const View& view, const std::optional<Batch>& probe, const Progress& progress);
  NetworkOutput forward(const at::Tensor& images, const Gates& gates);
  std::vector<at::Tensor> backward(const at::Tensor& losses);  // the gradients, in the weights' order
  void update(const std::vector<at::Tensor>& gradients, const Progress& progress);

  StageParts& parts_;
  StageData& data_;
  const Normalizer& normalizer_;
  const Criterion& criterion_;
  LossScale& loss_scale_;
  StepOptions options_;
  ProbePlan plan_;
};

}  // namespace dha
