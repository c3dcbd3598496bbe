// Data shared by spaces, searchers and the host: choices, candidates, gates, decisions.
//
// A space has choices (a node of a cell, a block of a MobileNet); each has candidates, of which a decided architecture
// keeps some. During a search the gates weight every candidate in one forward pass; inactive candidates are not
// executed. An architecture is the decided choices as JSON text in the space's notation, without weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dha {

struct Candidate {
  std::string operation;  // "sep_conv_3x3"
  int64_t input = 0;      // which of the choice's inputs it reads; 0 where there is only one
};

struct Choice {
  std::string name;                   // "normal.node0"
  std::vector<Candidate> candidates;  // indexed by position
  int64_t keep = 1;                   // number of different candidates that a decided architecture keeps
  bool distinct_inputs = false;       // whether kept candidates must read different inputs
};

// The gates of one choice in one forward pass.
struct ChoiceGates {
  std::vector<int64_t> active;  // executed candidates, ascending, no repeats
  at::Tensor weights;  // (active), floating, on the context's device: factor of each; may carry the searcher's graph
  // Candidates that the forward pass does not execute but that need a gate gradient (ProxylessNAS): the network
  // computes <gradient of the choice's output, candidate's output> for them in the backward pass. Disjoint from active.
  std::vector<int64_t> observed;
  bool frozen = false;  // decided for good: as many active as the choice keeps, weights no longer change
};

struct Gates {
  std::vector<ChoiceGates> choices;  // one per choice, in the space's order
  // Whether the searcher reads the gates' gradients after a weight step. If false, they are not computed.
  bool needs_gradient = true;
  // Whether the running statistics of the network's batch norms come from other gates than these, so that evaluations
  // of these recompute them from training images first, and restore them afterwards.
  bool needs_calibration = false;
};

// Gradients of a loss with respect to gates, one entry per choice; double under precision fp64, else float.
struct GateGradients {
  std::vector<at::Tensor> active;    // (active of that choice)
  std::vector<at::Tensor> observed;  // (observed of that choice); undefined if no gradient was requested
};

// The kept candidates of every choice, ascending in each.
using Decisions = std::vector<std::vector<int64_t>>;

}  // namespace dha
