#include "carry.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <optional>

#include "dha/error.hpp"
#include "dha/nn/carry.hpp"

namespace dha::cell {

namespace {

[[noreturn]] void violation(const std::string& what) {
  throw Error(ErrorCode::kInvalidConfig, "weights cannot be carried: " + what);
}

// "cells.3.norm" of "cells.3.norm.weight".
std::string layer_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

// Whether `target` is the affine weight of a batch norm that has none in the source; it becomes 1 or 0.
bool fill_affine(const nn::WeightSource& source, const NamedTensor& target) {
  if (source.find(target.name).defined()) return false;
  const at::Tensor mean = source.find(layer_of(target.name) + ".running_mean");
  if (!mean.defined() || mean.sizes() != target.tensor.sizes()) return false;
  target.tensor.fill_(target.name.ends_with(".weight") ? 1 : 0);
  return true;
}

// The cell whose output the weight reads; none of the images or of a cell's own states.
std::optional<size_t> read_cell(const CellNetwork& network, const std::string& weight) {
  const size_t cells = network.plan().cells.size();
  if (weight == "classifier.linear.weight") return cells - 1;
  if (weight == "auxiliary.conv1.weight") return static_cast<size_t>(network.plan().auxiliary_cell);
  for (size_t i = 0; i < cells; ++i) {
    const std::string name = "cells." + std::to_string(i) + ".preprocess";
    if (i > 0 && weight.starts_with(name + "1.conv")) return i - 1;
    if (i > 1 && weight.starts_with(name + "0.conv")) return i - 2;
  }
  return std::nullopt;
}

// Copies the part of a weight for the nodes that make the output of the cell that it reads, where the source has that
// of more nodes. Returns whether it did.
bool copy_part(const CellNetwork& from, const nn::WeightSource& source, const CellNetwork& to,
               const NamedTensor& target) {
  const auto cell = read_cell(to, target.name);
  const at::Tensor whole = source.find(target.name);
  if (!cell || !whole.defined() || *cell >= from.plan().cells.size()) return false;
  const CellPlan& ours = from.plan().cells[*cell];
  const CellPlan& theirs = to.plan().cells[*cell];
  if (ours.concat == theirs.concat || ours.channels != theirs.channels || whole.size(0) != target.tensor.size(0))
    return false;
  std::vector<at::Tensor> parts;
  for (const int64_t state : theirs.concat) {
    const auto found = std::find(ours.concat.begin(), ours.concat.end(), state);
    if (found == ours.concat.end()) return false;
    parts.push_back(whole.narrow(1, (found - ours.concat.begin()) * ours.channels, ours.channels));
  }
  target.tensor.copy_(at::cat(parts, 1));
  return true;
}

int64_t copy_supernet(const CellNetwork& from, const CellNetwork& to, CarryMode mode) {
  const nn::WeightSource source(from);
  int64_t count = 0;
  const bool is_exact = mode == CarryMode::kExact;
  for (const NamedTensor& target : to.parameters()) {
    if (copy_part(from, source, to, target) || source.copy_to(target, mode) || fill_affine(source, target))
      ++count;
    else if (is_exact)
      violation("'" + target.name + "' has no source");
  }
  for (const NamedTensor& target : to.buffers())
    if (!source.copy_to(target, mode) && is_exact && !target.name.ends_with(".gate"))
      violation("'" + target.name + "' has no source");
  return count;
}

// A lean network without an auxiliary head may take the weights of one with such a head.
void check_all_have_a_place(const CellNetwork& from, const CellNetwork& to) {
  const nn::WeightSource targets(to);
  for (const auto& list : {from.parameters(), from.buffers()})
    for (const NamedTensor& one : list)
      if (!targets.find(one.name).defined() && !one.name.starts_with("auxiliary."))
        violation("'" + one.name +
                  "' has no counterpart in the target network; both need the same architecture and parameters "
                  "of the space");
}

bool is_same(const OperationPlan& a, const OperationPlan& b) {
  return a.operation == b.operation && a.input == b.input;
}

// The gate of an operation of a lean network, 0-dimensional; undefined where the gates do not name it.
at::Tensor gate_of(const CellNetwork& from, const Gates& gates, int64_t cell, int64_t node,
                   const OperationPlan& operation) {
  const auto& nodes = from.plan().cells[static_cast<size_t>(cell)].nodes;
  if (node >= static_cast<int64_t>(nodes.size())) return {};
  const auto& candidates = nodes[static_cast<size_t>(node)];
  const ChoiceGates& own = gates.choices.at(static_cast<size_t>(from.choice_of(cell, node)));
  for (size_t i = 0; i < own.active.size(); ++i)
    if (is_same(candidates.at(static_cast<size_t>(own.active[i])), operation))
      return own.weights.select(0, static_cast<int64_t>(i));
  return {};
}

void set_gates(const CellNetwork& from, const Gates& gates, CellNetwork& to) {
  const auto& cells = to.plan().cells;
  for (size_t c = 0; c < std::min(cells.size(), from.plan().cells.size()); ++c)
    for (size_t j = 0; j < cells[c].nodes.size(); ++j)
      for (size_t k = 0; k < cells[c].nodes[j].size(); ++k) {
        const auto cell = static_cast<int64_t>(c), node = static_cast<int64_t>(j);
        const at::Tensor gate = gate_of(from, gates, cell, node, cells[c].nodes[j][k]);
        if (gate.defined()) to.set_gate(cell, node, static_cast<int64_t>(k), gate);
      }
}

void check_same_node(const std::vector<OperationPlan>& candidates, const ChoiceGates& gates,
                     const std::vector<OperationPlan>& operations, const std::string& where) {
  if (gates.active.size() != operations.size())
    violation(where + " has " + std::to_string(gates.active.size()) + " active candidates, expected " +
              std::to_string(operations.size()));
  for (const OperationPlan& operation : operations) {
    const auto found = std::find_if(gates.active.begin(), gates.active.end(), [&](int64_t k) {
      return is_same(candidates.at(static_cast<size_t>(k)), operation);
    });
    if (found == gates.active.end())
      violation("'" + operation.block.name + "' is not among the active candidates of its choice");
    if (candidates[static_cast<size_t>(*found)].block.layers.size() != operation.block.layers.size())
      violation("'" + operation.block.name +
                "' has other layers in the decided network than in the supernet; both need the same extra_batch_norm "
                "and candidate_affine");
  }
}

void check_same_cells(const CellNetwork& from, const Gates& gates, const CellNetwork& to) {
  const auto& ours = from.plan().cells;
  const auto& theirs = to.plan().cells;
  if (ours.size() != theirs.size())
    violation("the supernet has " + std::to_string(ours.size()) + " cells, the decided network " +
              std::to_string(theirs.size()));
  for (size_t c = 0; c < ours.size(); ++c) {
    std::vector<int64_t> concat = theirs[c].concat;
    std::sort(concat.begin(), concat.end());
    if (ours[c].nodes.size() != theirs[c].nodes.size() || concat != from.output_states(static_cast<int64_t>(c), gates))
      violation("cell " + std::to_string(c) + " has other nodes in the decided network than in the supernet");
    for (size_t j = 0; j < ours[c].nodes.size(); ++j) {
      const int64_t choice = from.choice_of(static_cast<int64_t>(c), static_cast<int64_t>(j));
      check_same_node(ours[c].nodes[j], gates.choices[static_cast<size_t>(choice)], theirs[c].nodes[j],
                      "node " + std::to_string(j) + " of cell " + std::to_string(c));
    }
  }
}

int64_t carry_supernet(const CellNetwork& from, const Gates& gates, CellNetwork& to, CarryMode mode) {
  const bool has_gates = !gates.choices.empty();
  if (!has_gates && mode == CarryMode::kExact) violation("the source network is a supernet, which needs gates");
  if (has_gates && static_cast<int64_t>(gates.choices.size()) != from.choices())
    violation("there are gates for " + std::to_string(gates.choices.size()) + " choices, expected " +
              std::to_string(from.choices()));
  if (mode == CarryMode::kExact) check_same_cells(from, gates, to);
  const int64_t count = copy_supernet(from, to, mode);
  if (has_gates) set_gates(from, gates, to);
  return count;
}

}  // namespace

int64_t carry(const CellNetwork& from, const Gates& gates, CellNetwork& to, CarryMode mode) {
  const at::NoGradGuard no_grad;
  if (to.is_supernet()) violation("the target network is a supernet, expected a lean one");
  if (from.is_supernet()) return carry_supernet(from, gates, to, mode);
  if (!gates.choices.empty()) violation("there are gates, but the source network is lean");
  if (mode == CarryMode::kExact) check_all_have_a_place(from, to);
  return nn::carry_by_name(nn::WeightSource(from), to, mode);
}

}  // namespace dha::cell
