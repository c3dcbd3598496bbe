// Gates as leaves of the host's graph, and their gradients after a backward pass.
#pragma once

#include "dha/architecture.hpp"
#include "dha/space.hpp"

namespace dha {

// The same gates, detached from the searcher's graph, with weights in the network's type (`type`); they require
// gradients if `with_gradients`.
Gates leaf_gates(const Gates& gates, at::ScalarType type, bool with_gradients);

// After backward(): the gradients of leaves and observed candidates. A leaf that took no part gets zeros.
GateGradients gate_gradients(const Gates& leaves, const Network& network);

// The gradients of the observed candidates, per choice; undefined entries where none was requested. Throws
// Error{kContractViolation} if the network cannot observe but was asked to.
std::vector<at::Tensor> observed_gradients(const Gates& leaves, const Network& network);

// All gradients of a backward pass in one list; some may be undefined.
std::vector<at::Tensor> all_gradients(const std::vector<at::Tensor>& of_weights, const GateGradients& of_gates);

}  // namespace dha
