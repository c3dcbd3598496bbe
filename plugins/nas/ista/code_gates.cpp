#include "code_gates.hpp"

namespace dha::ista {

// Products and sums instead of matmul: these are tiny, and must not depend on whether the host allows TF32.

at::Tensor gate_weights(const at::Tensor& columns, const at::Tensor& code, const at::Tensor& bias) {
  return columns.mul(code.unsqueeze(1)).sum(2).sub_(bias);
}

at::Tensor code_gradient(const at::Tensor& columns, const at::Tensor& gate_gradients) {
  return columns.mul(gate_gradients.unsqueeze(2)).sum(1);
}

at::Tensor gate_bias(const at::Tensor& columns, const at::Tensor& coefficients) {
  const at::Tensor gram = columns.unsqueeze(2).mul(columns.unsqueeze(1)).sum(3);  // (choices, keep, keep)
  return gram.mul(coefficients.unsqueeze(1)).sum(2).sub_(coefficients);
}

}  // namespace dha::ista
