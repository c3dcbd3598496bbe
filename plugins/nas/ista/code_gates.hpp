// The gates that a compressed code gives to the kept candidates, and the gradient that comes back to it.
//
// From b = A z follows z = A^T b - E z with E = A^T A - I. With E z held constant (ISTA-NAS, equation 9) the gate of a
// kept candidate i is w_i = a_i^T b - sum over kept k of E_ik z_k, linear in b.
#pragma once

#include <ATen/core/Tensor.h>

namespace dha::ista {

// columns: float (choices, keep, rows), the a_i; code: float (choices, rows); bias: float (choices, keep), the sum
// above. Returns float (choices, keep).
at::Tensor gate_weights(const at::Tensor& columns, const at::Tensor& code, const at::Tensor& bias);

// Gradient of a loss with respect to the code, float (choices, rows): the sum over i of dL/dw_i a_i.
// gate_gradients: float (choices, keep).
at::Tensor code_gradient(const at::Tensor& columns, const at::Tensor& gate_gradients);

// columns as above, coefficients: float (choices, keep), the z_k. Returns the bias, (choices, keep).
at::Tensor gate_bias(const at::Tensor& columns, const at::Tensor& coefficients);

}  // namespace dha::ista
