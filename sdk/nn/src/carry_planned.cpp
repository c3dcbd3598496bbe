#include "dha/nn/carry_planned.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "dha/error.hpp"
#include "dha/nn/carry.hpp"
#include "dha/nn/planned_network.hpp"

namespace dha::nn {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidConfig, "weights cannot be carried: " + what);
}

const PlannedNetwork& planned(const Network& network) {
  const auto* found = dynamic_cast<const PlannedNetwork*>(&network);
  if (found == nullptr)
    throw Error(ErrorCode::kContractViolation, "weights cannot be carried: a network is not of this space");
  return *found;
}

// Whether `target` is the affine weight of a batch norm that has none in the source; it becomes 1 or 0.
bool fill_affine(const WeightSource& source, const NamedTensor& target) {
  if (source.find(target.name).defined()) return false;
  const at::Tensor mean = source.find(target.name.substr(0, target.name.rfind('.')) + ".running_mean");
  if (!mean.defined() || mean.sizes() != target.tensor.sizes()) return false;
  target.tensor.fill_(target.name.ends_with(".weight") ? 1 : 0);
  return true;
}

int64_t copy_supernet(const WeightSource& source, const PlannedNetwork& to, CarryMode mode) {
  int64_t count = 0;
  const bool is_exact = mode == CarryMode::kExact;
  for (const NamedTensor& target : to.parameters()) {
    if (source.copy_to(target, mode) || fill_affine(source, target))
      ++count;
    else if (is_exact)
      refuse("'" + target.name + "' has no source");
  }
  for (const NamedTensor& target : to.buffers())
    if (!source.copy_to(target, mode) && is_exact && !target.name.ends_with(".gate"))
      refuse("'" + target.name + "' has no source");
  return count;
}

// Position of the candidate among the active ones of its choice; those of a supernet's step have the names of the lean
// network's operations.
std::optional<int64_t> active_position(const StepPlan& candidates, const ChoiceGates& gates, const std::string& name) {
  for (size_t i = 0; i < gates.active.size(); ++i)
    if (candidates.operations.at(static_cast<size_t>(gates.active[i])).block.name == name)
      return static_cast<int64_t>(i);
  return std::nullopt;
}

void check_same_step(const StepPlan& ours, const StepPlan& theirs, const Gates& gates) {
  if (ours.choice != theirs.choice || ours.from != theirs.from || ours.to != theirs.to)
    refuse("the two networks have different steps; both need the same parameters of the space");
  if (theirs.choice == kNoChoice) return;
  const ChoiceGates& own = gates.choices[static_cast<size_t>(theirs.choice)];
  if (own.active.size() != theirs.operations.size())
    refuse("choice " + std::to_string(theirs.choice) + " has " + std::to_string(own.active.size()) +
           " active candidates, expected " + std::to_string(theirs.operations.size()));
  for (const OperationPlan& operation : theirs.operations)
    if (!active_position(ours, own, operation.block.name))
      refuse("'" + operation.block.name + "' is not among the active candidates of its choice");
}

void check_same(const PlannedNetwork& from, const Gates& gates, const PlannedNetwork& to) {
  const auto& ours = from.plan().steps;
  const auto& theirs = to.plan().steps;
  if (ours.size() != theirs.size())
    refuse("the supernet has " + std::to_string(ours.size()) + " steps, the decided network " +
           std::to_string(theirs.size()) + "; both need the same parameters of the space");
  for (size_t i = 0; i < ours.size(); ++i) check_same_step(ours[i], theirs[i], gates);
}

void set_gates(const PlannedNetwork& from, const Gates& gates, PlannedNetwork& to) {
  const auto& ours = from.plan().steps;
  const auto& theirs = to.plan().steps;
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    if (theirs[i].choice == kNoChoice || ours[i].choice != theirs[i].choice) continue;
    const ChoiceGates& own = gates.choices[static_cast<size_t>(theirs[i].choice)];
    for (size_t k = 0; k < theirs[i].operations.size(); ++k)
      if (const auto position = active_position(ours[i], own, theirs[i].operations[k].block.name))
        to.set_gate(i, k, own.weights.select(0, *position));
  }
}

int64_t carry_supernet(const PlannedNetwork& from, const Gates& gates, PlannedNetwork& to, CarryMode mode) {
  const bool has_gates = !gates.choices.empty();
  if (!has_gates && mode == CarryMode::kExact) refuse("the source network is a supernet, which needs gates");
  if (has_gates && static_cast<int64_t>(gates.choices.size()) != count_choices(from.plan()))
    refuse("there are gates for " + std::to_string(gates.choices.size()) + " choices, expected " +
           std::to_string(count_choices(from.plan())));
  if (mode == CarryMode::kExact) check_same(from, gates, to);
  const int64_t count = copy_supernet(WeightSource(from), to, mode);
  if (has_gates) set_gates(from, gates, to);
  return count;
}

void check_all_have_a_place(const Network& from, const Network& to) {
  const WeightSource targets(to);
  for (const auto& list : {from.parameters(), from.buffers()})
    for (const NamedTensor& one : list)
      if (!targets.find(one.name).defined())
        refuse("'" + one.name +
               "' has no counterpart in the target network; both need the same architecture and parameters of the "
               "space");
}

}  // namespace

int64_t carry_planned(const Network& from, const Gates& gates, Network& to, CarryMode mode) {
  const at::NoGradGuard no_grad;
  const PlannedNetwork& source = planned(from);
  planned(to);
  auto& target = static_cast<PlannedNetwork&>(to);
  if (target.is_supernet()) refuse("the target network is a supernet, expected a lean one");
  if (source.is_supernet()) return carry_supernet(source, gates, target, mode);
  if (!gates.choices.empty()) refuse("there are gates, but the source network is lean");
  if (mode == CarryMode::kExact) check_all_have_a_place(from, to);
  return carry_by_name(WeightSource(from), to, mode);
}

}  // namespace dha::nn
