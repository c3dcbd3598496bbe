// Arithmetic over lists of weights with factors that may live on the device, without host-device synchronisation.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace dha::sgd {

// self[i] += factor * other[i], in place. `factor` is 0-dimensional: one held by the CPU is read there, at no cost and
// whatever the device of the lists, and 0 adds nothing; one on the device stays there, for the price of one temporary
// copy of `other`.
void add_scaled_(at::TensorList self, at::TensorList other, const at::Tensor& factor);

// factor * list[i], new tensors. `factor` as above.
std::vector<at::Tensor> scaled(at::TensorList list, const at::Tensor& factor);

// The sum over all i and elements of a[i] * b[i]: 0-dimensional float64 on the device of the lists, of products in
// float64 and summed in float64, on the CPU in the order in which a[i] lies in memory. Zero, on the CPU, for empty
// lists.
at::Tensor inner_product(at::TensorList a, at::TensorList b);

}  // namespace dha::sgd
