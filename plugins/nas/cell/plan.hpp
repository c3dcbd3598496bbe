// The whole network as data: stem, cells with their operations, auxiliary head, classifier. The supernet's plan holds
// every candidate, a lean network's plan those of its genotype; equal weights have equal names in both.
#pragma once

#include <optional>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/dataset.hpp"
#include "dha/nn/layer.hpp"
#include "dha/quantities.hpp"
#include "genotype.hpp"
#include "settings.hpp"

namespace dha::cell {

struct OperationPlan {
  Operation operation = Operation::kNone;
  int64_t input = 0;    // the cell's state that it reads
  nn::BlockPlan block;  // "cells.3.node1.from2.sep_conv_3x3"; without layers for kNone and the identity
};

// Whether a lean network keeps the gate of an operation, which is not kNone, as a factor: the buffer "<block>.gate".
bool has_gate(const OperationPlan& operation, GateWeights gate_weights);

struct CellPlan {
  bool reduction = false;
  int64_t channels = 0;                  // of a node
  nn::Pair input_size{}, output_size{};  // of the preprocessed inputs and of the nodes, px
  nn::Pair size0{}, size1{};             // of the two inputs before preprocessing, px
  nn::BlockPlan preprocess0, preprocess1;
  std::vector<std::vector<OperationPlan>> nodes;
  std::vector<int64_t> concat;
};

struct NetworkPlan {
  int64_t channels = 0, height = 0, width = 0;  // of an image
  nn::BlockPlan stem0;                          // makes the first state
  std::optional<nn::BlockPlan> stem1;           // makes the second from the first; absent: both are the same
  std::vector<CellPlan> cells;
  std::optional<nn::BlockPlan> auxiliary;  // reads the output of cell `auxiliary_cell`
  int64_t auxiliary_cell = 0;
  nn::BlockPlan classifier;
};

// Candidates of node `node`: every operation on every input, input-major.
std::vector<Edge> candidates(const Settings& settings, int64_t node);

NetworkPlan plan_supernet(const Settings& settings, const DatasetInfo& info);
NetworkPlan plan_lean(const Settings& settings, const DatasetInfo& info, const Genotype& genotype);

// Position of the choice that decides a node of a supernet: nodes of normal cells first, then of reduction cells, where
// cells are shared; else cell by cell.
int64_t choice_of(const NetworkPlan& plan, bool shares_cells, int64_t cell, int64_t node);

// Parameters, multiply-adds and the auxiliary head's parameters, counted without building anything.
Quantities count(const NetworkPlan& plan);

// What candidate `candidate` of a choice costs in all nodes of a supernet that the choice decides.
Quantities count_candidate(const NetworkPlan& plan, bool shares_cells, int64_t choice, int64_t candidate);

}  // namespace dha::cell
