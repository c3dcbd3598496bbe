// The order in which a controller decides the choices of a space, and the options of each decision.
//
// Consecutive choices whose names agree up to their last dot form a cell ("normal.node0" and "normal.node1"); names
// without a dot form one cell. The inputs of a choice are the given inputs of its cell, followed by the choices before
// it. A cell whose choices have one input each needs decisions about operations only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::enas {

struct ChoicePlan {
  // Candidate by input and operation; -1 where the choice does not have it. (inputs) lists of (operations).
  std::vector<std::vector<int64_t>> candidates;
  int64_t keep = 1;
  bool distinct_inputs = false;
  int64_t cell = 0;          // number of its cell
  bool starts_cell = false;  // whether it is the first choice of its cell
  bool chooses_input = false;
  bool cell_chooses_inputs = false;  // whether any choice of the cell does
  int64_t given_inputs = 0;          // of the cell
};

struct SpacePlan {
  std::vector<std::string> operations;  // of all choices, in order of first appearance
  std::vector<ChoicePlan> choices;      // in the space's order
};

SpacePlan plan_of(const std::vector<Choice>& choices);

// The candidates of one choice that may still be drawn.
class OpenCandidates {
 public:
  explicit OpenCandidates(const ChoicePlan& plan) : plan_(plan), table_(plan.candidates) {}

  // Ascending.
  std::vector<int64_t> inputs() const;
  std::vector<int64_t> operations(int64_t input) const;

  // Draws a candidate that is open, and closes it; all candidates of its input if the choice requires distinct inputs.
  int64_t take(int64_t input, int64_t operation);

 private:
  const ChoicePlan& plan_;
  std::vector<std::vector<int64_t>> table_;
};

}  // namespace dha::enas
