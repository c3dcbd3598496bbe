#include "model/gradients.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

namespace dha {

std::vector<at::Tensor> take_gradients(const std::vector<at::Tensor>& weights) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(weights.size());
  for (const at::Tensor& weight : weights) {
    gradients.push_back(weight.grad());
    weight.mutable_grad() = at::Tensor();
  }
  return gradients;
}

at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double limit) {
  std::vector<at::Tensor> defined;
  for (const at::Tensor& gradient : gradients)
    if (gradient.defined()) defined.push_back(gradient);
  if (defined.empty()) return {};
  const at::Tensor norm = at::stack(at::_foreach_norm(defined, 2)).norm(2);
  const at::Tensor factor = (limit / (norm + 1e-6)).clamp_max(1.0);
  at::_foreach_mul_(defined, factor);
  return norm;
}

}  // namespace dha
