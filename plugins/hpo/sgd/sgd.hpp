// dha.sgd: stochastic gradient descent with momentum under a fixed schedule; it learns nothing.
#pragma once

#include <optional>
#include <vector>

#include "dha/context.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/params.hpp"
#include "dha/replay.hpp"
#include "momentum_update.hpp"
#include "shared/learning_rate_schedule.hpp"

namespace dha::sgd {

class Sgd : public HyperOptimizer, private Replay {
 public:
  static Schema schema();
  Sgd(const Params& params, Context& context);

  void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) override;
  void step(const WeightStep& step) override;
  void end_epoch(const EpochOutcome& outcome) override;
  std::vector<at::Tensor> preview(const WeightStep& step) const override;

  // learning_rate (of the last step; before one, of the stage's first) and weight_decay.
  std::vector<NamedTensor> values() const override;

  void* capability(std::string_view id) override;

  // "momentum/<weight>", and "learning_rate" of the last step; the coming rates follow from the progress.
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // Only momentum: no value is learned, and the schedule is that of the new stage.
  void carry(const State& earlier, const HyperCarry& what) override;

 private:
  // The rate is a number of the host's, and its bits are the revision.
  bool replayable() const override { return !schedule_.by_step; }
  std::optional<int64_t> revision() const override;
  void take_momentum(const State& state);

  hpo::LearningRateSchedule schedule_;
  MomentumUpdate update_;
  Context& context_;
  // Held by the CPU, which is where they are known.
  at::Tensor learning_rate_;
  at::Tensor weight_decay_;
  std::optional<double> epoch_rate_;  // by epoch: of this epoch; unknown before the first step of the object
};

}  // namespace dha::sgd
