#include "eligibility.hpp"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "../kernels/kernels.hpp"

namespace dha::ops {

namespace {

constexpr int64_t kMaxTaps = 256;  // of a max pool: a byte tells which is the largest

std::atomic<bool>& is_on() {
  static std::atomic<bool> on = [] {
    const char* const value = std::getenv("DHA_OPERATORS");
    return value == nullptr || std::string_view(value) != "libtorch";
  }();
  return on;
}

bool is_like(const at::Tensor& tensor, const at::Tensor& x) {
  return tensor.device().is_cpu() && tensor.scalar_type() == x.scalar_type() && tensor.is_contiguous();
}

// A vector of one number a channel, or nothing.
bool is_vector(const at::Tensor& tensor, int64_t channels, const at::Tensor& x) {
  return !tensor.defined() || (is_like(tensor, x) && tensor.dim() == 1 && tensor.size(0) == channels);
}

bool needs_gradient(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); }

Window window_of(const at::Tensor& depthwise, Pair stride, Pair padding, Pair dilation) {
  return {{depthwise.size(2), depthwise.size(3)},
          {stride[0], stride[1]},
          {padding[0], padding[1]},
          {dilation[0], dilation[1]}};
}

bool fits(const Window& window, const int64_t (&side)[2]) {
  for (int axis = 0; axis < 2; ++axis)
    if (window.stride[axis] < 1 || window.dilation[axis] < 1 || window.padding[axis] < 0 ||
        window.padding[axis] > window.reach(axis) || side[axis] + 2 * window.padding[axis] - window.reach(axis) - 1 < 0)
      return false;
  return true;
}

bool is_depthwise(const at::Tensor& weight, int64_t channels, const at::Tensor& x) {
  return is_like(weight, x) && weight.dim() == 4 && weight.size(0) == channels && weight.size(1) == 1;
}

bool is_pointwise(const at::Tensor& weight, int64_t channels, const at::Tensor& x) {
  return is_like(weight, x) && weight.dim() == 4 && weight.size(1) == channels && weight.size(2) == 1 &&
         weight.size(3) == 1;
}

}  // namespace

bool enabled() { return is_on(); }
void enable(bool on) { is_on() = on; }

bool has_native_kernel(const at::Tensor& x) {
  return enabled() && x.defined() && x.device().is_cpu() && x.layout() == at::kStrided && x.dim() == 4 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) && x.numel() > 0 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && !at::autocast::is_autocast_enabled(at::kCPU);
}

bool has_native_kernel(const at::Tensor& x, const at::Tensor& depthwise, Pair stride, Pair padding, Pair dilation) {
  return has_native_kernel(x) && is_depthwise(depthwise, x.size(1), x) &&
         fits(window_of(depthwise, stride, padding, dilation), {x.size(2), x.size(3)});
}

bool has_native_kernel(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  if (!has_native_kernel(x) || kernel[0] * kernel[1] > kMaxTaps) return false;
  for (size_t axis = 0; axis < 2; ++axis)
    if (kernel[axis] < 1 || stride[axis] < 1 || padding[axis] < 0 || 2 * padding[axis] > kernel[axis] ||
        x.size(static_cast<int64_t>(axis) + 2) + 2 * padding[axis] < kernel[axis])
      return false;
  return true;
}

bool has_native_kernel(const at::Tensor& x, int64_t channels, const Norm& norm, const NormMode& mode) {
  if (!has_native_kernel(x)) return false;
  for (const at::Tensor& vector : {norm.weight, norm.bias, norm.running_mean, norm.running_var})
    if (!is_vector(vector, channels, x)) return false;
  if (norm.running_mean.defined() != norm.running_var.defined()) return false;
  if (mode.training) return true;
  const bool wants_gradient =
      at::GradMode::is_enabled() && (needs_gradient(x) || needs_gradient(norm.weight) || needs_gradient(norm.bias));
  return norm.running_mean.defined() && !wants_gradient;
}

bool has_native_kernel(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode) {
  if (!has_native_kernel(x)) return false;
  int64_t channels = x.size(1), side[2] = {x.size(2), x.size(3)};
  for (const Stage& stage : stages) {
    if (stage.depthwise.defined()) {
      const Window window = window_of(stage.depthwise, stage.stride, stage.padding, stage.dilation);
      if (!is_depthwise(stage.depthwise, channels, x) || !fits(window, side)) return false;
      for (int axis = 0; axis < 2; ++axis) side[axis] = window.output(axis, side[axis]);
    }
    if (!is_pointwise(stage.pointwise, channels, x) || stage.pointwise.size(0) < 1) return false;
    channels = stage.pointwise.size(0);
    if (!has_native_kernel(x, channels, stage.norm, mode)) return false;
    const bool wants_gradient =
        at::GradMode::is_enabled() && (needs_gradient(stage.depthwise) || needs_gradient(stage.pointwise));
    if (mode.training ? x.size(0) * side[0] * side[1] < 2 : wants_gradient) return false;
  }
  return true;
}

bool has_native_kernel(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd) {
  return has_native_kernel(x) && is_pointwise(even, x.size(1), x) && is_pointwise(odd, x.size(1), x) &&
         even.size(0) > 0 && odd.size(0) > 0;
}

}  // namespace dha::ops
