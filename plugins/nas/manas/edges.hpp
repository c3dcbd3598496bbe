// The edges of a space, each of which has an agent: the candidates of one choice that read the same input.
#pragma once

#include <cstdint>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::manas {

struct Edge {
  size_t choice = 0;
  int64_t input = 0;
  std::vector<int64_t> candidates;  // positions in the choice, ascending: the actions of the agent
};

// In the order of the choices, and of the inputs in each. Throws Error{kInvalidConfig} if a choice keeps more
// candidates than it has inputs: an agent takes one action.
std::vector<Edge> edges_of(const std::vector<Choice>& choices);

// One action per edge, as positions in Edge::candidates.
using Actions = std::vector<int64_t>;

// One number per edge and action.
using ActionValues = std::vector<std::vector<double>>;

ActionValues zeros(const std::vector<Edge>& edges);

// The values in one row, edge after edge, and back. `flat` has as many values as `shape`.
std::vector<double> flattened(const ActionValues& values);
ActionValues unflattened(const std::vector<double>& flat, const ActionValues& shape);

}  // namespace dha::manas
