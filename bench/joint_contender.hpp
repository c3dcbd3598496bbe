// A joint step of DHA on CIFAR's network, or the plain training step that it is compared with, for measuring programs.
#pragma once

#include <string>
#include <vector>

#include "stage_contender.hpp"

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
class Contender : public StageContender {
 public:
  // `registry` has dha's plugins and register_fixed_gates(), and outlives the object.
  Contender(const PluginRegistry& registry, const StepSize& size, const std::string& kind);

  // {"choices": [{"active": […], "weights": […]}]} of the searcher as it stands.
  std::string gates() const;
};

// A search of the cell space whose components are those of a joint step.
StageConfig supernet_config(const PluginRegistry& registry, const StepSize& size);

// Adds bench.fixed_gates, the searcher of the plain step.
void register_fixed_gates(PluginRegistry& registry);

}  // namespace dha::bench
