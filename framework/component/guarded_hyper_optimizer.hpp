// A hyper-optimizer with guarded calls.
#pragma once

#include "component/guarded_component.hpp"
#include "dha/hyper_optimizer.hpp"

namespace dha {

class GuardedHyperOptimizer final : public GuardedComponent<HyperOptimizer> {
 public:
  using GuardedComponent::GuardedComponent;

  void attach(const std::vector<NamedTensor>& parameters, const Stage& stage) override {
    call("attach", [&](HyperOptimizer& h) { h.attach(parameters, stage); });
  }
  ProbePlan probe() const override {
    return call("probe", [](HyperOptimizer& h) { return h.probe(); });
  }
  void learn(const WeightStep& step) override {
    call("learn", [&](HyperOptimizer& h) { h.learn(step); });
  }
  void step(const WeightStep& step) override {
    call("step", [&](HyperOptimizer& h) { h.step(step); });
  }
  std::vector<at::Tensor> preview(const WeightStep& step) const override {
    return call("preview", [&](HyperOptimizer& h) { return h.preview(step); });
  }
  void end_epoch(const EpochOutcome& outcome) override {
    call("end_epoch", [&](HyperOptimizer& h) { h.end_epoch(outcome); });
  }
  std::vector<NamedTensor> values() const override {
    return call("values", [](HyperOptimizer& h) { return h.values(); });
  }
  void carry(const State& earlier, const HyperCarry& what) override {
    call("carry", [&](HyperOptimizer& h) { h.carry(earlier, what); });
  }
  std::vector<at::Tensor> evaluation_weights() const override {
    return call("evaluation_weights", [](HyperOptimizer& h) { return h.evaluation_weights(); });
  }
};

}  // namespace dha
