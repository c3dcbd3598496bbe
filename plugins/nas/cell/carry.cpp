#include "carry.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/util/StringUtil.h>

#include <unordered_map>

#include "dha/error.hpp"

namespace dha::cell {

namespace {

using TensorsByName = std::unordered_map<std::string, at::Tensor>;

[[noreturn]] void violation(const std::string& what) {
  throw Error(ErrorCode::kInvalidConfig, "weights cannot be carried: " + what);
}

TensorsByName tensors(const CellNetwork& network) {
  TensorsByName tensors;
  for (const NamedTensor& one : network.parameters()) tensors.emplace(one.name, one.tensor);
  for (const NamedTensor& one : network.buffers()) tensors.emplace(one.name, one.tensor);
  return tensors;
}

// "cells.3.norm" of "cells.3.norm.weight".
std::string layer_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

// Copies a tensor from its namesake. True where there was one.
bool copy_namesake(const TensorsByName& sources, const NamedTensor& target) {
  const auto source = sources.find(target.name);
  if (source == sources.end()) return false;
  if (source->second.sizes() != target.tensor.sizes())
    violation("'" + target.name + "' has shape " + c10::str(source->second.sizes()) + ", expected " +
              c10::str(target.tensor.sizes()) +
              "; both networks need the same channels, classes and parameters of the space");
  at::Tensor(target.tensor).copy_(source->second);
  return true;
}

void copy_weights(const TensorsByName& sources, const CellNetwork& to) {
  for (const NamedTensor& target : to.parameters()) {
    if (copy_namesake(sources, target)) continue;
    const bool has_plain_norm = sources.count(layer_of(target.name) + ".running_mean") > 0;
    if (!has_plain_norm) violation("'" + target.name + "' has no source");
    at::Tensor(target.tensor).fill_(target.name.ends_with(".weight") ? 1 : 0);
  }
}

void copy_lean(const CellNetwork& from, const CellNetwork& to) {
  const TensorsByName sources = tensors(from), targets = tensors(to);
  for (const auto& [name, ignored] : sources)
    if (targets.count(name) == 0 && !name.starts_with("auxiliary."))
      violation("'" + name +
                "' has no place in the network that shall take it; both need the same architecture and "
                "parameters of the space");
  for (const NamedTensor& target : to.parameters())
    if (!copy_namesake(sources, target)) violation("'" + target.name + "' has no source");
  for (const NamedTensor& target : to.buffers())
    if (!copy_namesake(sources, target)) violation("'" + target.name + "' has no source");
}

// The supernet's operation that operation `k` of the node is, as a position among the active candidates.
size_t active_position(const CellNetwork& from, const ChoiceGates& gates, int64_t cell, int64_t node,
                       const OperationPlan& wanted) {
  const auto& candidates = from.plan().cells[static_cast<size_t>(cell)].nodes[static_cast<size_t>(node)];
  for (size_t i = 0; i < gates.active.size(); ++i) {
    const OperationPlan& candidate = candidates.at(static_cast<size_t>(gates.active[i]));
    if (candidate.operation != wanted.operation || candidate.input != wanted.input) continue;
    if (candidate.block.layers.size() != wanted.block.layers.size())
      violation("'" + wanted.block.name +
                "' has other layers in the decided network than in the supernet; both need "
                "the same extra_batch_norm and candidate_affine");
    return i;
  }
  violation("'" + wanted.block.name + "' is not among the active candidates of its choice");
}

void set_gates(const CellNetwork& from, const Gates& gates, CellNetwork& to) {
  for (int64_t c = 0; c < static_cast<int64_t>(to.plan().cells.size()); ++c) {
    const auto& nodes = to.plan().cells[static_cast<size_t>(c)].nodes;
    for (int64_t j = 0; j < static_cast<int64_t>(nodes.size()); ++j) {
      const ChoiceGates& own = gates.choices.at(static_cast<size_t>(from.choice_of(c, j)));
      const auto& operations = nodes[static_cast<size_t>(j)];
      if (own.active.size() != operations.size())
        violation("node " + std::to_string(j) + " of cell " + std::to_string(c) + " has " +
                  std::to_string(own.active.size()) + " active candidates, expected " +
                  std::to_string(operations.size()));
      for (size_t k = 0; k < operations.size(); ++k) {
        const size_t position = active_position(from, own, c, j, operations[k]);
        to.set_gate(c, j, static_cast<int64_t>(k), own.weights.select(0, static_cast<int64_t>(position)));
      }
    }
  }
}

void check_same_cells(const CellNetwork& from, const Gates& gates, const CellNetwork& to) {
  const auto& ours = from.plan().cells;
  const auto& theirs = to.plan().cells;
  if (ours.size() != theirs.size())
    violation("the supernet has " + std::to_string(ours.size()) + " cells, the decided network " +
              std::to_string(theirs.size()));
  for (size_t c = 0; c < ours.size(); ++c)
    if (ours[c].nodes.size() != theirs[c].nodes.size() || ours[c].concat != theirs[c].concat)
      violation("cell " + std::to_string(c) + " has other nodes in the decided network than in the supernet");
  const auto choices = static_cast<size_t>(from.choices());
  if (gates.choices.size() != choices)
    violation("there are gates for " + std::to_string(gates.choices.size()) + " choices, expected " +
              std::to_string(choices));
}

}  // namespace

void carry(const CellNetwork& from, const Gates& gates, CellNetwork& to) {
  const at::NoGradGuard no_grad;
  if (to.is_supernet()) violation("the network that shall take them is a supernet, expected a lean one");
  if (gates.choices.empty()) {
    if (from.is_supernet()) violation("the network that has them is a supernet, which needs gates");
    return copy_lean(from, to);
  }
  if (!from.is_supernet()) violation("there are gates, but the network that has the weights is lean");
  check_same_cells(from, gates, to);
  const TensorsByName sources = tensors(from);
  copy_weights(sources, to);
  for (const NamedTensor& target : to.buffers())
    if (!copy_namesake(sources, target) && !target.name.ends_with(".gate"))
      violation("'" + target.name + "' has no source");
  set_gates(from, gates, to);
}

}  // namespace dha::cell
