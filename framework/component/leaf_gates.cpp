#include "component/leaf_gates.hpp"

#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace dha {

Gates leaf_gates(const Gates& gates, at::ScalarType type, bool with_gradients) {
  Gates leaves = gates;
  for (ChoiceGates& choice : leaves.choices)
    choice.weights = choice.weights.detach().to(type).requires_grad_(with_gradients);
  return leaves;
}

GateGradients gate_gradients(const Gates& leaves, const Network& network) {
  GateGradients gradients;
  bool observes = false;
  for (const ChoiceGates& choice : leaves.choices) {
    const at::Tensor gradient = choice.weights.grad();
    gradients.active.push_back(gradient.defined() ? gradient : at::zeros_like(choice.weights));
    observes = observes || !choice.observed.empty();
  }
  gradients.observed = observes ? network.observed_gradients() : std::vector<at::Tensor>(leaves.choices.size());
  return gradients;
}

std::vector<at::Tensor> all_gradients(const std::vector<at::Tensor>& of_weights, const GateGradients& of_gates) {
  std::vector<at::Tensor> all = of_weights;
  all.insert(all.end(), of_gates.active.begin(), of_gates.active.end());
  all.insert(all.end(), of_gates.observed.begin(), of_gates.observed.end());
  return all;
}

}  // namespace dha
