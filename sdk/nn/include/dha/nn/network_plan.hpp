// A network as data: steps that lead from one set of features to another, some of them weighed by the gates of a
// choice. Counting, building and running (planned_network.hpp) and carrying weights (carry_planned.hpp) read the same
// plan.
//
//   nn::NetworkPlan plan{"the small network", 3, 32, 32, {}};
//   plan.steps.push_back(nn::fixed_step(0, 1, stem));
//   plan.steps.push_back({1, 2, {{conv}, {none, true}}, 0});  // choice 0 weighs two operations
//   plan.steps.push_back(nn::fixed_step(1, 2, {}));           // and a shortcut around them
//   plan.steps.push_back(nn::fixed_step(2, 3, head));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/nn/layer.hpp"
#include "dha/quantities.hpp"

namespace dha::nn {

struct OperationPlan {
  BlockPlan block;       // the prefix of its weights' names; without layers: the identity
  bool is_zero = false;  // contributes nothing; has no layers
};

constexpr int64_t kNoChoice = -1;

// Adds the outputs of its operations on features `from` to features `to`, a higher number.
struct StepPlan {
  int64_t from = 0, to = 0;
  std::vector<OperationPlan> operations;
  int64_t choice = kNoChoice;  // whose gates weigh the operations, which are then its candidates, in their order
  bool drops_path = false;     // drop path drops outputs for single samples, except those of identities
};

// Features 0 are the images and the last ones the logits. All steps into features come before the steps that read them.
// Where all active operations of the steps into features contribute nothing, these are zeros of the size of what the
// first of the steps reads.
struct NetworkPlan {
  std::string name;                             // in messages: "the MobileNet network"
  int64_t channels = 0, height = 0, width = 0;  // of an image
  std::vector<StepPlan> steps;
  // Whether a supernet trains the affine weights of a choice's operations only once the choice is frozen (one-stage
  // ISTA-NAS).
  bool waits_for_decisions = false;

  int64_t features() const { return steps.back().to + 1; }
};

// A step of one operation that no choice decides. A block without layers is a shortcut.
StepPlan fixed_step(int64_t from, int64_t to, BlockPlan block);

// The plan of the network of one architecture: each choice's operations are those that it keeps.
NetworkPlan decided(NetworkPlan plan, const Decisions& decisions);

// Number of choices whose gates the network reads.
int64_t count_choices(const NetworkPlan& plan);

// Parameters and multiply-adds of all operations, counted without building anything.
Quantities count(const NetworkPlan& plan);

// What candidate `candidate` of a choice costs in all steps that the choice decides.
Quantities count_candidate(const NetworkPlan& plan, int64_t choice, int64_t candidate);

}  // namespace dha::nn
