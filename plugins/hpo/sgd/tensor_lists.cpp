#include "tensor_lists.hpp"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>

#include <tuple>
#include <utility>

namespace dha::sgd {

namespace {

// Whether elements that belong together stand at the same positions of both memories. The stride of a dimension of size
// 1 says nothing: channels-last gradients of 1x1 convolutions have others than their weights.
bool same_layout(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || !a.is_non_overlapping_and_dense() || !b.is_non_overlapping_and_dense()) return false;
  for (int64_t d = 0; d < a.dim(); ++d)
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  return true;
}

// `b`, lying as `a` does. Sums of products are taken in the order of a's memory whatever the layout of b, so that a
// run that goes on with momentum from a file sums as it did before.
at::Tensor with_layout_of(const at::Tensor& a, const at::Tensor& b) {
  if (same_layout(a, b) || !a.is_non_overlapping_and_dense()) return b;
  return at::empty_like(a, b.options()).copy_(b);
}

// Both tensors as vectors in one order of elements: as they lie in memory where they lie alike, which spares
// channels-last weights a copy.
std::pair<at::Tensor, at::Tensor> as_vectors(const at::Tensor& a, const at::Tensor& b) {
  if (same_layout(a, b)) return {a.as_strided({a.numel()}, {1}), b.as_strided({b.numel()}, {1})};
  return {a.reshape(-1), b.reshape(-1)};
}

// In double, whose eight sums the compiler computes side by side.
template <class Value>
double dot(const Value* a, const Value* b, int64_t count) {
  constexpr int64_t kLanes = 8;
  double sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
  double sum = 0;
  for (; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  for (const double part : sums) sum += part;
  return sum;
}

// A call of LibTorch for each of a thousand small weights would cost several times what the products do.
double dot_on_cpu(const at::Tensor& a, const at::Tensor& b) {
  if (!same_layout(a, b) || a.scalar_type() != b.scalar_type() ||
      (a.scalar_type() != at::kFloat && a.scalar_type() != at::kDouble))
    return at::dot(a.reshape(-1).to(at::kDouble), b.reshape(-1).to(at::kDouble)).item<double>();
  if (a.scalar_type() == at::kFloat) return dot(a.const_data_ptr<float>(), b.const_data_ptr<float>(), a.numel());
  return dot(a.const_data_ptr<double>(), b.const_data_ptr<double>(), a.numel());
}

}  // namespace

std::vector<at::Tensor> scaled(at::TensorList list, const at::Tensor& factor) {
  if (list.empty()) return {};
  if (factor.is_cpu()) return at::_foreach_mul(list, factor.item());
  // A factor of another type than the lists' would send CUDA down its tensor-by-tensor path.
  return at::_foreach_mul(list, factor.to(list[0].scalar_type()));
}

void add_scaled_(at::TensorList self, at::TensorList other, const at::Tensor& factor) {
  if (self.empty()) return;
  if (!factor.is_cpu()) return at::_foreach_add_(self, scaled(other, factor));
  const double value = factor.item<double>();
  if (value != 0) at::_foreach_add_(self, other, value);
}

at::Tensor inner_product(at::TensorList a, at::TensorList b) {
  if (a.empty() || a[0].is_cpu()) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += dot_on_cpu(a[i], with_layout_of(a[i], b[i]));
    return at::scalar_tensor(sum, at::kDouble);
  }
  // Two launches for each of a thousand weights would cost more than copying them into one.
  std::vector<at::Tensor> left(a.size()), right(b.size());
  for (size_t i = 0; i < a.size(); ++i) std::tie(left[i], right[i]) = as_vectors(a[i], with_layout_of(a[i], b[i]));
  return at::dot(at::cat(left).to(at::kDouble), at::cat(right).to(at::kDouble));
}

}  // namespace dha::sgd
