// The interface of hyper-optimizers: they own the update rule theta <- OP(theta, eta, gradient) with its momentum,
// because a hyper-gradient differentiates that rule, and may ask for one more gradient to learn eta from.
//
// Order inside a step: backward; learn() if the plan says kNext; clipping; step(); a second forward and backward at the
// new weights and learn() if the plan says kBatch. A rule that learns nothing overrides attach() and step() only.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/component.hpp"
#include "dha/stage.hpp"

namespace dha {

// When eta is learned.
enum class ProbeTime {
  kNone,   // never
  kNext,   // from the next step's own gradient, before its update: no extra pass
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

// The weights and their gradients at one point of a step, averaged over processes. Both lists have the order of
// attach(); the gradient of a weight that took no part is undefined, and such a weight is left as it is.
struct WeightStep {
  const std::vector<at::Tensor>& parameters;
  const std::vector<at::Tensor>& gradients;
  Progress progress;
};

// What a stage or a trial takes from the hyper-optimizer of an earlier one.
struct HyperCarry {
  bool values = false;    // what was learned or scheduled: learning rate, weight decay
  bool momentum = false;  // averages of gradients that belong to the weights
};

class DHA_API HyperOptimizer : public Component {
 public:
  using Interface = HyperOptimizer;
  static constexpr const char* kKind = "hyper_optimizer";

  HyperOptimizer();
  ~HyperOptimizer() override;

  // The weights to optimise, once, before the first step. `stage` outlives the hyper-optimizer.
  virtual void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) = 0;

  // By default eta is not learned. May be asked before attach(), and answers the same throughout a stage.
  virtual ProbePlan probe() const;

  // Learns eta from gradients of the probe's loss at the current weights (not clipped). With kNext the first call of a
  // stage comes before the first step() and is to be ignored. Parameters and gradients are not modified.
  virtual void learn(const WeightStep& step);

  // Updates the parameters in place, under a guard of its own against gradient recording. `gradients` are clipped and
  // may be overwritten.
  virtual void step(const WeightStep& step) = 0;

  // What step() would add to each parameter, without doing it (second-order searchers evaluate there). Undefined where
  // the gradient is. The default throws Error{kInvalidConfig}.
  virtual std::vector<at::Tensor> preview(const WeightStep& step) const;

  virtual void end_epoch(const EpochOutcome& outcome);

  // Hyper-parameters as they stand, such as "learning_rate": 0-dimensional tensors on any device. By default none.
  virtual std::vector<NamedTensor> values() const;

  // Takes from the state of an earlier stage's or trial's hyper-optimizer what `what` says; momentum by name and shape
  // of the weights. What is not taken starts as the parameters say. The default takes both by restore(), and throws
  // Error{kInvalidConfig} where only one of them is asked for.
  virtual void carry(const State& earlier, const HyperCarry& what);

  // The weights to evaluate and to save as the model, in the order of attach(), where they are others than those that
  // are trained (averaged weights, schedule-free optimizers); by default empty: those that are trained. An undefined
  // entry stands for the trained weight. The host recalibrates the batch statistics of the network for them.
  virtual std::vector<at::Tensor> evaluation_weights() const;
};

}  // namespace dha
