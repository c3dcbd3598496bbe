#include "libtorch.hpp"

#include <ATen/autocast_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace dha::ops::libtorch {

namespace {

bool computes_in_bfloat16(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ||
         (at::autocast::is_autocast_enabled(at::kCPU) && at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16);
}

}  // namespace

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding,
                                 Pair dilation) {
  if (!x.is_cpu() || !computes_in_bfloat16(x)) return at::conv2d(x, weight, {}, stride, padding, dilation, x.size(1));
  // In float, because oneDNN's bfloat16 gradient of the weight reads memory that nobody wrote where a tensor is
  // channels_last, and takes a loop over single values where none is.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
  return ops::depthwise_convolution(x.to(at::kFloat), weight.to(at::kFloat), stride, padding, dilation)
      .to(at::kBFloat16);
}

at::Tensor batch_norm(const at::Tensor& x, const Norm& norm, const NormMode& mode) {
  return at::batch_norm(x, norm.weight, norm.bias, norm.running_mean, norm.running_var, mode.training, mode.momentum,
                        mode.epsilon, /*cudnn_enabled=*/true);
}

at::Tensor rectified_separable(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode) {
  at::Tensor y = x;
  for (const Stage& stage : stages) {
    y = at::relu(y);
    if (stage.depthwise.defined())
      y = libtorch::depthwise_convolution(y, stage.depthwise, stage.stride, stage.padding, stage.dilation);
    y = libtorch::batch_norm(at::conv2d(y, stage.pointwise), stage.norm, mode);
  }
  return y;
}

at::Tensor factorized_reduction(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify) {
  const at::Tensor input = rectify ? at::relu(x) : x;
  const int64_t extra_rows = x.size(2) % 2, extra_columns = x.size(3) % 2;
  const at::Tensor padded =
      extra_rows + extra_columns > 0 ? at::constant_pad_nd(input, {0, extra_columns, 0, extra_rows}) : input;
  return at::cat(
      {pointwise_convolution(padded, even, {2, 2}), pointwise_convolution(padded.slice(2, 1).slice(3, 1), odd, {2, 2})},
      1);
}

at::Tensor max_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return at::max_pool2d(x, kernel, stride, padding);
}

at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return at::avg_pool2d(x, kernel, stride, padding, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

}  // namespace dha::ops::libtorch

namespace dha::ops {

// oneDNN's gradient of the weight of a strided convolution writes past its workspace where a channels_last input has
// fewer channels than a block of the kernel, 16 at most, and the batch does not divide among the threads
// (uxlfoundation/oneDNN issue 6035): the heap is damaged, and the program dies somewhere else. Such an input loses its
// other pixels before the convolution, which computes the same.
at::Tensor pointwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride) {
  constexpr int64_t kLargestBlock = 16;
  if (stride == Pair{1, 1} || !x.is_cpu() || x.size(1) >= kLargestBlock) return at::conv2d(x, weight, {}, stride);
  return at::conv2d(x.slice(2, std::nullopt, std::nullopt, stride[0]).slice(3, std::nullopt, std::nullopt, stride[1]),
                    weight);
}

}  // namespace dha::ops
