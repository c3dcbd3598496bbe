// dha.adamw: Adam with decoupled weight decay (Loshchilov and Hutter, 2019, arXiv 1711.05101) under a fixed schedule,
// by the rule of torch.optim.AdamW.
//
//   theta <- theta - lr * wd * theta
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
//   theta <- theta - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//
// t counts the steps of each weight. A weight without a gradient is left as it is. Weights with one dimension may be
// exempt from the decay.
#pragma once

#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/params.hpp"
#include "shared/learning_rate_schedule.hpp"

namespace dha::adamw {

class AdamW : public HyperOptimizer {
 public:
  static Schema schema();
  AdamW(const Params& params, Context& context);

  void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) override;
  void step(const WeightStep& step) override;
  std::vector<at::Tensor> preview(const WeightStep& step) const override;

  // learning_rate (of the last step; before one, of the stage's first) and weight_decay.
  std::vector<NamedTensor> values() const override;

  // "average/<weight>" and "square_average/<weight>", the steps of each weight as text, and "learning_rate" of the last
  // step.
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // Only the averages and their steps, by name and shape.
  void carry(const State& earlier, const HyperCarry& what) override;

 private:
  // The weights that take part in a step, with everything that the rule reads and writes of them.
  struct Lists {
    std::vector<size_t> indices;  // places in the order of attach()
    std::vector<at::Tensor> weights, gradients, averages, square_averages;
  };

  Lists participants(const WeightStep& step) const;
  void update(Lists& lists, const std::vector<int64_t>& steps, double learning_rate) const;
  void take_averages(const State& state);

  hpo::LearningRateSchedule schedule_;
  double beta1_, beta2_, epsilon_, decay_;
  bool decays_vectors_;
  Context& context_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> weights_, averages_, square_averages_;  // averages are undefined before the first step
  std::vector<int64_t> steps_;
  at::Tensor learning_rate_, weight_decay_;  // double, 0-dimensional, on the CPU
};

}  // namespace dha::adamw
