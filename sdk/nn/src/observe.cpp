#include "dha/nn/observe.hpp"

#include <ATen/OpMathType.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <utility>

#include "autocast_scope.hpp"

namespace dha::nn {

namespace {

at::Tensor run_as_in_forward(const ObservedCandidate& candidate, Features& input, const AutocastState& autocast) {
  const AutocastScope scope(autocast);
  return candidate.run(input);
}

// 0-dimensional. In a half type the sum would overflow, with a scaled loss above all.
at::Tensor inner_product(const at::Tensor& a, const at::Tensor& b) {
  const at::ScalarType type = at::toOpMathType(a.scalar_type());
  return (a.to(type) * b.to(type)).sum();
}

}  // namespace

void observe(const at::Tensor& output, const std::vector<Features>& inputs, std::vector<ObservedCandidate> candidates,
             const at::Tensor& gradients) {
  std::vector<at::Tensor> values;
  for (const Features& input : inputs) values.push_back(input.value().detach());
  output.register_hook([candidates = std::move(candidates), values = std::move(values), gradients,
                        autocast = AutocastState::current(output.device().type())](const at::Tensor& gradient) {
    const at::NoGradGuard no_grad;
    std::vector<Features> features(values.begin(), values.end());
    for (const ObservedCandidate& candidate : candidates) {
      const at::Tensor found = run_as_in_forward(candidate, features.at(candidate.input), autocast);
      gradients.select(0, candidate.position).add_(inner_product(found, gradient));
    }
  });
}

}  // namespace dha::nn
