#include "dha/nn/network_plan.hpp"

#include <algorithm>
#include <utility>

#include "dha/nn/cost.hpp"

namespace dha::nn {

namespace {

// Calls `visit(step, size)` for each step in order, with the size of the features that it reads.
template <class Visit>
void walk(const NetworkPlan& plan, Visit visit) {
  std::vector<Pair> sizes(static_cast<size_t>(plan.features()));
  sizes[0] = {plan.height, plan.width};
  for (const StepPlan& step : plan.steps) {
    const Pair size = sizes[static_cast<size_t>(step.from)];
    visit(step, size);
    sizes[static_cast<size_t>(step.to)] = size_after(step.operations.front().block.layers, size);
  }
}

}  // namespace

StepPlan fixed_step(int64_t from, int64_t to, BlockPlan block) { return {from, to, {{std::move(block)}}}; }

NetworkPlan decided(NetworkPlan plan, const Decisions& decisions) {
  for (StepPlan& step : plan.steps) {
    if (step.choice == kNoChoice) continue;
    std::vector<OperationPlan> kept;
    for (const int64_t candidate : decisions.at(static_cast<size_t>(step.choice)))
      kept.push_back(step.operations.at(static_cast<size_t>(candidate)));
    step.operations = std::move(kept);
  }
  return plan;
}

int64_t count_choices(const NetworkPlan& plan) {
  int64_t count = 0;
  for (const StepPlan& step : plan.steps) count = std::max(count, step.choice + 1);
  return count;
}

Quantities count(const NetworkPlan& plan) {
  CostCounter counter;
  walk(plan, [&](const StepPlan& step, Pair size) {
    for (const OperationPlan& operation : step.operations) counter.add(operation.block.layers, size);
  });
  return counter.quantities();
}

Quantities count_candidate(const NetworkPlan& plan, int64_t choice, int64_t candidate) {
  CostCounter counter;
  walk(plan, [&](const StepPlan& step, Pair size) {
    if (step.choice == choice) counter.add(step.operations.at(static_cast<size_t>(candidate)).block.layers, size);
  });
  return counter.quantities();
}

}  // namespace dha::nn
