// The operator dha_pairs::apply: LibTorch's operators wherever it runs, until a library with kernels registers its own.
#pragma once

#include <ATen/core/Tensor.h>

#include "tensor_operations.hpp"

namespace dha::pairs {

// Registers the operator. Called once in a process.
void register_pair_operator();

// Both operations of every sample, in turn. images and fill as in apply_operations(); calls: (N, 2) each. Only after
// register_pair_operator().
at::Tensor apply_pairs(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill);

}  // namespace dha::pairs
