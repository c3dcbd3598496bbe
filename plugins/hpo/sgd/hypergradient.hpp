// dha.hypergradient: stochastic gradient descent with momentum whose learning rate and weight decay are learned, in
// the same run, by the gradient of a loss after the update with respect to them (DHA, arXiv 2109.05765, equation 3).
//
// The rule is MomentumUpdate's. With theta' = theta - lr * u, g' the gradient of the probe's loss at theta' and past
// momentum and weights held constant (the paper's one-step truncation):
//   dL/dlr = -<g', u>
//   dL/dwd = -lr * <g', du/dwd> = -lr * c * <g', theta>,  c = 1, or 1 + mu with Nesterov momentum
// and <g', theta> = <g', theta'> + lr * <g', u>, so no copy of theta is kept. u is the momentum itself; with Nesterov
// momentum, or none, it is kept (one more tensor per weight). A weight counts if it had a gradient in both passes.
//
// On the very first step the published code of DHA treats d as constant, which makes dL/dwd zero there; this component
// keeps the term, as the formula has it.
//
// A hypergradient that is not finite changes nothing: the count "skipped_probes" grows, and the epoch ends with a
// warning. No function but end_epoch() and, on construction and restore, the copies they make waits for the device.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "dha/context.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/params.hpp"
#include "learned_scalars.hpp"
#include "momentum_update.hpp"

namespace dha::sgd {

class Hypergradient : public HyperOptimizer {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} for a range that is empty or an initial value outside of it.
  Hypergradient(const Params& params, Context& context);

  void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) override;
  ProbePlan probe() const override { return plan_; }

  // Validation images, where the probe runs on them.
  std::vector<std::string> needs() const override;

  // Records the metrics hypergradient_learning_rate, hypergradient_weight_decay (0 for what is not learned) and
  // skipped_probes. Ignored before the first step() of a stage.
  void learn(const WeightStep& step) override;
  void step(const WeightStep& step) override;
  std::vector<at::Tensor> preview(const WeightStep& step) const override;
  void end_epoch(const EpochOutcome& outcome) override;

  // learning_rate and weight_decay.
  std::vector<NamedTensor> values() const override;

  void* capability(std::string_view id) override;

  // The entries of LearnedScalars and MomentumUpdate, "update/<weight>" where u is kept apart, and as JSON
  // {"participants": [names of the weights that moved last]}.
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // Values are learning rate, weight decay and the momentum of their own descent. The last step is never carried: the
  // weights may be others since.
  void carry(const State& earlier, const HyperCarry& what) override;

 private:
  void keep_rate();
  void keep_directions(const Participants& participants, const std::vector<at::Tensor>& directions);
  const at::Tensor& direction(size_t index) const;
  void take_values(const State& state);
  void take_momentum(const State& state);
  void forget_last_step();
  void restore_last_step(const State& state, const std::unordered_set<std::string>& participants);
  at::Tensor hypergradient(const WeightStep& step) const;  // (2)

  Context& context_;
  ProbePlan plan_;
  bool learns_learning_rate_, learns_weight_decay_;
  MomentumUpdate update_;
  LearnedScalars scalars_;

  // The last step, for the next learn().
  at::Tensor step_rate_;                // its learning rate; undefined before the first step
  std::vector<bool> took_part_;         // by the order of attach()
  std::vector<at::Tensor> directions_;  // u, where it is not the momentum; undefined where a weight never moved
  int64_t skipped_before_epoch_ = 0;
};

}  // namespace dha::sgd
