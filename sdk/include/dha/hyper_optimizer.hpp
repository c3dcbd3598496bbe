// The interface of hyper-optimizers: they own the update rule theta <- OP(theta, eta, gradient) with its momentum,
// because a hyper-gradient differentiates that rule, and may request a second gradient to learn eta from.
//
// Order within a step: backward; learn() if the plan says kNext; clipping; step(); a second forward and backward at the
// new weights and learn() if the plan says kBatch. A rule that learns nothing overrides attach() and step() only.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/component.hpp"
#include "dha/stage.hpp"

namespace dha {

// When the hyper-optimizer learns eta.
enum class ProbeTime {
  kNone,   // never
  kNext,   // from the next step's own gradient, before its update: no extra pass; in a search not across epochs
  kBatch,  // from a second forward and backward after the update
};

// The data of kBatch's second pass.
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
// attach(). The gradient of a weight that took no part is undefined, and such a weight must not change.
struct WeightStep {
  const std::vector<at::Tensor>& parameters;
  const std::vector<at::Tensor>& gradients;
  Progress progress;
};

// The parts that a stage or a trial takes from an earlier hyper-optimizer.
struct HyperCarry {
  bool values = false;    // learned or scheduled values: learning rate, weight decay
  bool momentum = false;  // averages of gradients that belong to the weights
};

class DHA_API HyperOptimizer : public Component {
 public:
  using Interface = HyperOptimizer;
  static constexpr const char* kKind = "hyper_optimizer";

  HyperOptimizer();
  ~HyperOptimizer() override;

  // Called once, before the first step, with the weights to optimise. `stage` outlives the hyper-optimizer.
  virtual void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) = 0;

  // The default learns no eta. May be called before attach(); the answer is the same throughout a stage.
  virtual ProbePlan probe() const;

  // Learns eta from gradients of the probe's loss at the current weights (not clipped). With kNext a call before the
  // first step() of a stage must be ignored, and while the stage searches there is no call at the first step of an
  // epoch: the searcher may have changed the architecture since the last step. Does not modify parameters or gradients.
  virtual void learn(const WeightStep& step);

  // Updates the parameters in place, and disables gradient recording itself. `gradients` are clipped and may be
  // overwritten.
  virtual void step(const WeightStep& step) = 0;

  // Returns what step() would add to each parameter, without an update (second-order searchers evaluate there).
  // Undefined entries where the gradient is undefined. The default throws Error{kInvalidConfig}.
  virtual std::vector<at::Tensor> preview(const WeightStep& step) const;

  virtual void end_epoch(const EpochOutcome& outcome);

  // The current hyper-parameters, such as "learning_rate": 0-dimensional tensors on any device. None by default.
  virtual std::vector<NamedTensor> values() const;

  // Takes the parts named by `what` from the state of an earlier stage's or trial's hyper-optimizer; momentum by name
  // and shape of the weights. The other parts start as the parameters say. The default takes both by restore(), and
  // throws Error{kInvalidConfig} if `what` names only one.
  virtual void carry(const State& earlier, const HyperCarry& what);

  // The weights to evaluate and to save as the model, in the order of attach(), if they differ from the trained ones
  // (averaged weights, schedule-free optimizers); empty by default. An undefined entry means the trained weight. The
  // host recalibrates the batch statistics of the network for them.
  virtual std::vector<at::Tensor> evaluation_weights() const;
};

}  // namespace dha
