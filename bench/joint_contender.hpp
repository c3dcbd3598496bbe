// A joint step of DHA on CIFAR's network, or the plain training step that it is compared with, for measuring programs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/normalizer.hpp"
#include "plugin/plugin_registry.hpp"
#include "step/joint_step.hpp"

namespace dha::bench {

struct StepSize {
  int64_t channels = 16, cells = 8, batch = 32;
  // Candidates of an edge; empty: those of the space, and the searcher decides which are active. Where they are given,
  // every node runs the first on its last input but one and the second on its last input, however many there are.
  std::vector<std::string> operations;
};

// One kind of step with everything that it needs: "plain" (the same supernet under gates that nothing learns, plain
// SGD, uniform pairs), or a joint step that probes the hyper-parameters on the "next" batch or on a "batch" of their
// own.
class Contender {
 public:
  // `registry` has dha's plugins and register_fixed_gates(), and outlives the object.
  Contender(const PluginRegistry& registry, const StepSize& size, const std::string& kind);

  // Milliseconds of a step.
  double time();

  // {"choices": [{"active": […], "weights": […]}]} of the searcher as it stands.
  std::string gates() const;

 private:
  DatasetInfo info_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  std::unique_ptr<JointStep> step_;
  Batch batch_;
};

// The images that steps are measured on.
DatasetInfo images_of_cifar();

// A search of the cell space whose components are those of a joint step.
StageConfig supernet_config(const PluginRegistry& registry, const StepSize& size);

// Adds bench.fixed_gates, the searcher of the plain step.
void register_fixed_gates(PluginRegistry& registry);

}  // namespace dha::bench
