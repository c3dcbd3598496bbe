#include "component/leaf_gates.hpp"

#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "dha/error.hpp"

namespace dha {

Gates leaf_gates(const Gates& gates, at::ScalarType type, bool with_gradients) {
  Gates leaves = gates;
  for (ChoiceGates& choice : leaves.choices)
    choice.weights = choice.weights.detach().to(type).requires_grad_(with_gradients);
  return leaves;
}

GateGradients gate_gradients(const Gates& leaves, const Network& network) {
  GateGradients gradients;
  for (const ChoiceGates& choice : leaves.choices) {
    const at::Tensor gradient = choice.weights.grad();
    gradients.active.push_back(gradient.defined() ? gradient : at::zeros_like(choice.weights));
  }
  gradients.observed = observed_gradients(leaves, network);
  return gradients;
}

std::vector<at::Tensor> observed_gradients(const Gates& leaves, const Network& network) {
  const bool observes = std::any_of(leaves.choices.begin(), leaves.choices.end(),
                                    [](const ChoiceGates& choice) { return !choice.observed.empty(); });
  if (!observes) return std::vector<at::Tensor>(leaves.choices.size());
  std::vector<at::Tensor> observed = network.observed_gradients();
  if (observed.size() != leaves.choices.size())
    throw Error(
        ErrorCode::kContractViolation,
        "the searcher observes candidates, but the space's network computes no gradients for them; use another space "
        "or searcher");
  return observed;
}

std::vector<at::Tensor> all_gradients(const std::vector<at::Tensor>& of_weights, const GateGradients& of_gates) {
  std::vector<at::Tensor> all = of_weights;
  all.insert(all.end(), of_gates.active.begin(), of_gates.active.end());
  all.insert(all.end(), of_gates.observed.begin(), of_gates.observed.end());
  return all;
}

}  // namespace dha
