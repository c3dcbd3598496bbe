// Architectures of the cell space as data, and their JSON notation: the genotypes of DARTS.
//
//   {"normal": [["sep_conv_3x3", 1], ["sep_conv_3x3", 0], …], "normal_concat": [2, 3, 4, 5],
//    "reduce": [["max_pool_3x3", 0], …],                      "reduce_concat": [2, 3, 4, 5]}
//
// Two entries make a node. Inputs 0 and 1 are the outputs of the cells before, input 2 + j is node j. Where cells do
// not share their choices: {"cells": [{"nodes": [["sep_conv_3x3", 1], …], "concat": [2, 3, 4, 5]}, …]}, one per cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operation.hpp"

namespace dha::cell {

constexpr int64_t kEdgesPerNode = 2;

struct Edge {
  Operation operation = Operation::kNone;
  int64_t input = 0;
  bool operator==(const Edge&) const = default;
};

struct CellGenotype {
  std::vector<Edge> edges;      // node-major, kEdgesPerNode per node
  std::vector<int64_t> concat;  // states that make the cell's output
  int64_t nodes() const { return static_cast<int64_t>(edges.size()) / kEdgesPerNode; }
  bool operator==(const CellGenotype&) const = default;
};

// The states of those of `nodes` nodes that none of `inputs`, the states that nodes read, names; ascending.
std::vector<int64_t> loose_ends(int64_t nodes, const std::vector<int64_t>& inputs);

struct Genotype {
  bool shared = true;  // cells are {normal, reduce}; else one per cell of the network
  std::vector<CellGenotype> cells;

  const CellGenotype& cell(int64_t index, bool reduction) const {
    return cells[static_cast<size_t>(shared ? (reduction ? 1 : 0) : index)];
  }
};

// Throws Error{kInvalidParameter} that says where the text departs from the notation above.
Genotype parse_genotype(const std::string& text);

std::string print_genotype(const Genotype& genotype);

}  // namespace dha::cell
