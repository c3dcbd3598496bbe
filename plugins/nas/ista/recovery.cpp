#include "recovery.hpp"

namespace dha::ista {

LassoSolution recover(const at::Tensor& columns, const at::Tensor& code, const RecoveryOptions& options) {
  if (options.mode == RecoveryMode::kDha) {
    const at::Tensor centred_columns = columns.sub(columns.mean(1, true)).contiguous();
    const at::Tensor centred_code = code.sub(code.mean()).contiguous();
    return recover(centred_columns, centred_code, {RecoveryMode::kIsta, options.lambda});
  }
  return solve_lasso({columns.const_data_ptr<double>(), static_cast<size_t>(columns.numel())},
                     {code.const_data_ptr<double>(), static_cast<size_t>(code.numel())}, options.lambda);
}

}  // namespace dha::ista
