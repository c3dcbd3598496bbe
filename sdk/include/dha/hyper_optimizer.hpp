// The interface of hyper-optimizers: they own the update rule theta <- OP(theta, eta, gradient) with its momentum,
// because a hyper-gradient differentiates that rule, and may ask for one more gradient to learn eta from.
//
// Order inside a step (design of the joint step): backward; learn() if the plan says kNext; clipping; step(); a second
// forward and backward at the new weights and learn() if the plan says kBatch.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/component.hpp"

namespace dha {

// When eta is learned.
enum class ProbeTime {
  kNone,   // never
  kNext,   // from the next step's own gradient, ahead of its update: no extra pass
  kBatch,  // from a second forward and backward after the update
};

// On what the second pass of kBatch runs.
enum class ProbeData {
  kTrainSubset,  // a fixed share of the training images, not augmented, redrawn in random order
  kSameBatch,    // the batch of the step
  kValidation,   // the stage's validation images, not augmented
};

struct ProbePlan {
  ProbeTime time = ProbeTime::kNone;
  ProbeData data = ProbeData::kTrainSubset;
  double subset_fraction = 0.02;     // of the training images, at least a batch, for kTrainSubset, in (0, 1]
  bool with_auxiliary_loss = false;  // whether the auxiliary head's loss belongs to the objective
};

// The weights and their gradients at one point of a step. Both lists have the order of attach(); the gradient of a
// weight that took no part is undefined, and such a weight is left as it is.
struct WeightStep {
  const std::vector<at::Tensor>& parameters;
  const std::vector<at::Tensor>& gradients;
  Progress progress;
};

class DHA_API HyperOptimizer : public Component {
 public:
  using Interface = HyperOptimizer;
  static constexpr const char* kKind = "hyper_optimizer";

  HyperOptimizer();
  ~HyperOptimizer() override;

  // The weights to optimise, once, before the first step. restore() matches momentum by name and shape.
  virtual void attach(const std::vector<NamedTensor>& parameters) = 0;

  virtual ProbePlan probe() const = 0;

  // Learns eta from gradients of the probe's loss at the current weights (not clipped). With kNext the first call of a
  // stage comes before the first step() and is to be ignored. Parameters and gradients are not modified.
  virtual void learn(const WeightStep& step) = 0;

  // Updates the parameters in place, without gradient recording. `gradients` are clipped and may be overwritten.
  virtual void step(const WeightStep& step) = 0;

  // What step() would add to each parameter, without doing it (second-order searchers evaluate there). Undefined where
  // the gradient is.
  virtual std::vector<at::Tensor> preview(const WeightStep& step) const = 0;

  virtual void end_epoch(const EpochOutcome& outcome) = 0;

  // Hyper-parameters as they stand, such as "learning_rate": 0-dimensional tensors on any device.
  virtual std::vector<NamedTensor> values() const = 0;
};

}  // namespace dha
