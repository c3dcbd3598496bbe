// dha.sgd: stochastic gradient descent with momentum under a fixed schedule; it learns nothing.
#pragma once

#include <vector>

#include "dha/context.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/params.hpp"
#include "dha/replay.hpp"
#include "learning_rate_schedule.hpp"
#include "momentum_update.hpp"

namespace dha::sgd {

class Sgd : public HyperOptimizer, private Replay {
 public:
  static Schema schema();
  Sgd(const Params& params, Context& context);

  void attach(const std::vector<NamedTensor>& parameters) override;
  ProbePlan probe() const override { return {}; }
  void learn(const WeightStep& step) override;
  void step(const WeightStep& step) override;
  std::vector<at::Tensor> preview(const WeightStep& step) const override;
  void end_epoch(const EpochOutcome& outcome) override;

  // learning_rate (of the last step; before one, of the stage's first) and weight_decay.
  std::vector<NamedTensor> values() const override;

  const void* capability(std::string_view id) const override;

  // "momentum/<weight>"; the rate follows from the progress.
  State state() const override;
  void restore(const State& state) override;

 private:
  // The rate is a number of the host's.
  bool replayable() const override { return !schedule_.by_step; }

  LearningRateSchedule schedule_;
  MomentumUpdate update_;
  Context& context_;
  // Held by the CPU, which is where they are known.
  at::Tensor learning_rate_;
  at::Tensor weight_decay_;
};

}  // namespace dha::sgd
