// The continuous relaxation of DARTS: every operation of an edge takes part in the forward pass, weighted by the
// softmax of its edge's architecture variables alpha (Liu et al., 2019, equation 2).
//
//   MixedOperations mixed(space.choices(), adam_options, context.device());
//   mixed.draw(1e-3, context.host_generator());
//   Gates gates = mixed.gates();
//   mixed.step(mixed.gradient(evaluation.gate_gradients.active));
//
// An edge is a set of candidates as in <dha/nas/candidate_groups.hpp>; a choice with one input is one edge. Candidates
// may be closed, as P-DARTS does between stages: they are left out of the softmax and never executed. Only the
// functions that say so wait for the device.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/nas/adam.hpp"
#include "dha/nas/candidate_groups.hpp"
#include "dha/nas/derive.hpp"

namespace dha::nas {

class MixedOperations {
 public:
  // All candidates are open and all variables 0. Throws Error{kInvalidConfig} if there are no choices.
  MixedOperations(const std::vector<Choice>& choices, const AdamOptions& options, at::Device device);

  // Sets the variables to deviation * N(0, 1), drawn on the CPU, and resets Adam. `generator`:
  // Context::host_generator(), so that processes agree.
  void draw(double deviation, at::Generator generator);

  // Closes all candidates but `open`: ascending positions, at least one per edge, one list per choice. Throws
  // Error{kInvalidParameter} for anything else.
  void keep_only(const std::vector<std::vector<int64_t>>& open);
  const std::vector<std::vector<int64_t>>& open() const { return open_; }

  // The softmax within each edge, double (candidates of all choices); 0 for closed candidates. Without a gradient.
  at::Tensor probabilities() const;

  // The open candidates with their probabilities; nothing is learned from the gradient of a weight step.
  Gates gates() const;

  // The gradient of a loss with respect to alpha, double (candidates of all choices). `gate_gradients`: that with
  // respect to the weights of gates(), (open candidates) of each choice. Throws Error{kContractViolation} if one has
  // another shape.
  at::Tensor gradient(const std::vector<at::Tensor>& gate_gradients) const;

  // One update of the open variables by Adam.
  void step(const at::Tensor& gradient);

  // probabilities() on the host, one list per choice; -infinity for closed candidates. Waits for the device.
  Strengths strengths() const;

  // The mean entropy of the edges in nats, 0-dimensional.
  at::Tensor entropy() const;

  // alpha, double (candidates of all choices), on the device.
  const at::Tensor& variables() const { return variables_; }

  // Variables and Adam's averages, as tensors. restore() copies, and throws Error{kInvalidParameter} if one is missing
  // or has another shape; the open candidates are the caller's to save. Both wait for the device.
  void save(State& state) const;
  void restore(const State& state);

 private:
  at::Tensor scores(const at::Tensor& variables) const;

  std::vector<Choice> choices_;
  CandidateGroups groups_;
  Adam adam_;
  at::Device device_;
  int64_t edges_ = 0;
  at::Tensor variables_;
  std::vector<std::vector<int64_t>> open_;
  at::Tensor is_open_;    // bool (candidates)
  at::Tensor positions_;  // int64 (open candidates of all choices)
};

}  // namespace dha::nas
