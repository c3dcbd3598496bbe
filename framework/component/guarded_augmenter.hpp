// An augmenter with guarded calls.
#pragma once

#include "component/guarded_component.hpp"
#include "dha/augmenter.hpp"

namespace dha {

class GuardedAugmenter final : public GuardedComponent<Augmenter> {
 public:
  using GuardedComponent::GuardedComponent;

  void prepare(const Stage& stage) override {
    call("prepare", [&](Augmenter& a) { a.prepare(stage); });
  }
  void begin_epoch(const Progress& progress) override {
    call("begin_epoch", [&](Augmenter& a) { a.begin_epoch(progress); });
  }
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    return call("apply", [&](Augmenter& a) { return a.apply(images, labels); });
  }
  void learn(const at::Tensor& record, const at::Tensor& losses) override {
    call("learn", [&](Augmenter& a) { a.learn(record, losses); });
  }
  void end_epoch(const EpochOutcome& outcome) override {
    call("end_epoch", [&](Augmenter& a) { a.end_epoch(outcome); });
  }
  std::string policy() const override {
    return call("policy", [](Augmenter& a) { return a.policy(); });
  }
};

}  // namespace dha
