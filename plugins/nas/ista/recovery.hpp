// Recovers the sparse coefficients behind a compressed code.
#pragma once

#include <ATen/core/Tensor.h>

#include "lasso.hpp"

namespace dha::ista {

enum class RecoveryMode {
  kIsta,  // no intercept
  kDha,   // with intercept: columns and code are centred first, as scikit-learn's Lasso does
};

struct RecoveryOptions {
  RecoveryMode mode = RecoveryMode::kIsta;
  double lambda = 1e-5;  // of the form 1/2 ||A z - b||^2 + lambda ||z||_1; scikit-learn's alpha is lambda / rows
};

// columns: double (candidates, rows), contiguous, CPU; code: double (rows), contiguous, CPU.
// Throws Error{kInvalidParameter} where a value is not finite. [any thread]
LassoSolution recover(const at::Tensor& columns, const at::Tensor& code, const RecoveryOptions& options);

}  // namespace dha::ista
