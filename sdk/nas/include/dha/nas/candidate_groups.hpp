// Softmax over groups of candidates: those of one choice, or the operations of one edge.
//
// Architecture variables form one vector, one number per candidate, in the space's order of choices. An edge is the set
// of candidates of a choice that read the same input (Candidate::input): DARTS takes the softmax over the operations of
// each edge, ProxylessNAS over the candidates of each choice.
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

  // The number of candidates of all choices.
  int64_t size() const { return offsets_.back(); }

  // The softmax of scores / temperature within each group, and its logarithm. `scores`: floating (candidates), on the
  // device; temperature > 0. Differentiable, without a host-device synchronisation. A score of -infinity excludes a
  // candidate; if it excludes the whole group, the result is NaN.
  at::Tensor softmax(const at::Tensor& scores, double temperature = 1) const;
  at::Tensor log_softmax(const at::Tensor& scores, double temperature = 1) const;

  // A view of the part of `values`, (candidates), that belongs to a choice.
  at::Tensor of_choice(const at::Tensor& values, size_t choice) const;

  // The parts of all choices, as numbers on the host. Waits for the device.
  std::vector<std::vector<double>> on_host(const at::Tensor& values) const;

 private:
  at::Tensor spread(const at::Tensor& scores, double temperature) const;

  std::vector<int64_t> offsets_;  // start of each choice, then the end of the last
  at::Tensor members_;            // int64 (groups, widest group): positions of candidates, padded with size()
  at::Tensor places_;             // int64 (candidates): position of each in members_, flattened
};

}  // namespace dha::nas
