#include "operation_table.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "dha/images/apply.hpp"
#include "dha/images/nearest.hpp"

namespace dha::uniform {

namespace {

constexpr int64_t kSigns = 2;

// The magnitude of an operation in a bin; 0 for operations without one.
double magnitude_of(const BinnedOperation& operation, int64_t bin, bool negative) {
  if (operation.magnitudes.empty()) return 0;
  const double magnitude = operation.magnitudes.at(static_cast<size_t>(bin));
  return negative && operation.is_signed ? -magnitude : magnitude;
}

}  // namespace

OperationTable::OperationTable(const std::vector<BinnedOperation>& operations, int64_t bins, int64_t height,
                               int64_t width, at::Device device)
    : bins_(bins), height_(height), width_(width) {
  const int64_t count = static_cast<int64_t>(operations.size()) * bins * kSigns;
  at::Tensor operation = at::empty({count}, at::kLong), value = at::empty({count}, at::kDouble);
  at::Tensor map = at::empty({count, 6}, at::kLong);
  const images::FixedMap still = images::fixed_map(images::Operation::kIdentity, 0, height, width);
  for (int64_t row = 0; row < count; ++row) {
    const BinnedOperation& own = operations[static_cast<size_t>(row / kSigns / bins)];
    const double at = value_at(own.operation, magnitude_of(own, row / kSigns % bins, row % kSigns == 1));
    const images::FixedMap moved = images::fixed_map(own.operation, at, height, width);
    const bool moves = moved != still;
    operation.mutable_data_ptr<int64_t>()[row] =
        static_cast<int64_t>(moves ? images::Operation::kIdentity : own.operation);
    value.mutable_data_ptr<double>()[row] = moves ? 0 : at;
    std::copy(moved.begin(), moved.end(), map.mutable_data_ptr<int64_t>() + 6 * row);
  }
  operation_ = operation.to(device);
  value_ = value.to(device);
  map_ = map.to(device);
}

at::Tensor OperationTable::rows(const at::Tensor& operation, const at::Tensor& bin, const at::Tensor& negative) const {
  return (operation * bins_ + bin) * kSigns + negative;
}

at::Tensor OperationTable::apply(const at::Tensor& batch, const at::Tensor& rows, const at::Tensor& fill) const {
  const at::Tensor operation = operation_.index_select(0, rows).unsqueeze(1);  // (N, 1)
  const at::Tensor value = value_.index_select(0, rows).unsqueeze(1);
  const at::Tensor is_cubic = at::zeros(operation.sizes(), operation.options().dtype(at::kBool));
  const at::Tensor coloured = images::apply_operations(batch, {operation, value, is_cubic, {}}, fill);
  return images::resample_nearest(coloured, map_.index_select(0, rows), fill);
}

}  // namespace dha::uniform
