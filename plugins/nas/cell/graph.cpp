#include "graph.hpp"

namespace dha::cell {

namespace {

constexpr const char* kInputs[] = {"c_{k-2}", "c_{k-1}"};
constexpr const char* kOutput = "c_{k}";

std::string state_id(int64_t state) { return state < 2 ? kInputs[state] : std::to_string(state - 2); }

ArchitectureGraph draw(const CellGenotype& cell, std::string title) {
  ArchitectureGraph graph;
  graph.title = std::move(title);
  for (const char* input : kInputs) graph.nodes.push_back({input, input, true, false});
  for (int64_t j = 0; j < cell.nodes(); ++j) graph.nodes.push_back({state_id(j + 2), state_id(j + 2), false, false});
  graph.nodes.push_back({kOutput, kOutput, false, true});
  for (size_t e = 0; e < cell.edges.size(); ++e) {
    const auto node = static_cast<int64_t>(e) / kEdgesPerNode;
    graph.edges.push_back({state_id(cell.edges[e].input), state_id(node + 2), name(cell.edges[e].operation)});
  }
  for (const int64_t state : cell.concat) graph.edges.push_back({state_id(state), kOutput, ""});
  return graph;
}

}  // namespace

std::vector<ArchitectureGraph> draw(const Genotype& genotype) {
  std::vector<ArchitectureGraph> graphs;
  for (size_t i = 0; i < genotype.cells.size(); ++i)
    graphs.push_back(draw(genotype.cells[i], !genotype.shared ? "cell " + std::to_string(i)
                                             : i == 0         ? "normal"
                                                              : "reduce"));
  return graphs;
}

}  // namespace dha::cell
