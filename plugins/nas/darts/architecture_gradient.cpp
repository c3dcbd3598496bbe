#include "architecture_gradient.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>

namespace dha::darts {

namespace {

using Tensors = std::vector<at::Tensor>;

// Small enough to change nothing that is not 0, large enough for its inverse to be a float.
constexpr double kSmallestNorm = 1e-30;

// `a` plus, for the defined entries of both, `b`.
Tensors sums(const Tensors& a, const Tensors& b) {
  Tensors result = a;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].defined() && b[i].defined()) result[i] = a[i] + b[i];
  return result;
}

Tensors differences(const Tensors& a, const Tensors& b) {
  Tensors result(a.size());
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].defined() && b[i].defined()) result[i] = a[i] - b[i];
  return result;
}

// 0-dimensional, double; undefined if no tensor is defined.
at::Tensor norm_of(const Tensors& tensors) {
  Tensors norms;
  for (const at::Tensor& tensor : tensors)
    if (tensor.defined()) norms.push_back(tensor.norm().to(at::kDouble));
  return norms.empty() ? at::Tensor() : at::stack(norms).norm();
}

void scale(Tensors& tensors, const at::Tensor& factor) {
  for (at::Tensor& tensor : tensors)
    if (tensor.defined()) tensor = tensor * factor;
}

Tensors training_gradient_at(SearchServices& services, const Gates& gates, const Tensors& displacement, double sign) {
  EvaluationRequest request;
  request.data = EvaluationData::kTrainingBatch;
  request.gate_gradients = true;
  request.displacement = displacement;
  request.scale = sign;
  return services.evaluate(gates, request).gate_gradients.active;
}

// d/dgates <dL_train/dw, direction>; consumes `direction`.
Tensors mixed_derivative(SearchServices& services, const Gates& gates, Tensors direction, double radius) {
  const at::Tensor norm = norm_of(direction);
  if (!norm.defined()) return {};
  scale(direction, norm.clamp_min(kSmallestNorm).reciprocal().mul(radius));
  const Tensors above = training_gradient_at(services, gates, direction, 1);
  const Tensors below = training_gradient_at(services, gates, direction, -1);
  Tensors derivative = differences(above, below);
  scale(derivative, norm.div(2 * radius));
  return derivative;
}

}  // namespace

Tensors first_order_gradient(SearchServices& services, const Gates& gates) {
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.gate_gradients = true;
  return services.evaluate(gates, request).gate_gradients.active;
}

Tensors second_order_gradient(SearchServices& services, const Gates& gates, double radius) {
  const at::NoGradGuard no_grad;
  EvaluationRequest training;
  training.data = EvaluationData::kTrainingBatch;
  training.weight_gradients = true;
  const Tensors gradient = services.evaluate(gates, training).weight_gradients;
  const Tensors move = services.preview_step(gradient);

  EvaluationRequest validation;
  validation.data = EvaluationData::kNextValidation;
  validation.gate_gradients = validation.weight_gradients = true;
  validation.displacement = move;
  const Evaluation ahead = services.evaluate(gates, validation);

  const Tensors changed = services.preview_step(sums(gradient, ahead.weight_gradients));
  const Tensors through_weights = mixed_derivative(services, gates, differences(changed, move), radius);
  return through_weights.empty() ? ahead.gate_gradients.active : sums(ahead.gate_gradients.active, through_weights);
}

}  // namespace dha::darts
