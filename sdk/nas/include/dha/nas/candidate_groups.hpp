// Softmax over candidates that compete: those of one choice, or the operations of one edge.
//
// Architecture variables lie in one vector, a number per candidate, choice after choice in the space's order. An edge
// is what a choice reads from one input (Candidate::input): DARTS takes the softmax over the operations of each edge,
// ProxylessNAS over the candidates of each choice.
//
//   CandidateGroups edges(space.choices(), Grouping::kEdge, context.device());
//   at::Tensor weights = edges.softmax(alpha);                 // (candidates)
//   choice_gates.weights = edges.of_choice(weights, i);        // (candidates of choice i)
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/architecture.hpp"

namespace dha::nas {

enum class Grouping { kChoice, kEdge };

class CandidateGroups {
 public:
  CandidateGroups(const std::vector<Choice>& choices, Grouping grouping, at::Device device);

  // Candidates of all choices together.
  int64_t size() const { return offsets_.back(); }

  // The softmax of scores / temperature within each group, and its logarithm. `scores`: floating (candidates), on the
  // device; temperature > 0. Differentiable, without a host-device synchronisation. A score of -infinity takes a
  // candidate out; in a group without others the result is not a number.
  at::Tensor softmax(const at::Tensor& scores, double temperature = 1) const;
  at::Tensor log_softmax(const at::Tensor& scores, double temperature = 1) const;

  // The part of `values`, (candidates), that belongs to a choice: a view.
  at::Tensor of_choice(const at::Tensor& values, size_t choice) const;

  // The same for all choices, as numbers on the host. Waits for the device.
  std::vector<std::vector<double>> on_host(const at::Tensor& values) const;

 private:
  at::Tensor spread(const at::Tensor& scores, double temperature) const;

  std::vector<int64_t> offsets_;  // where each choice begins; then the end of the last
  at::Tensor members_;            // int64 (groups, widest group): positions of candidates, padded with size()
  at::Tensor places_;             // int64 (candidates): where each stands in members_, flattened
};

}  // namespace dha::nas
