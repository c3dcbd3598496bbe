#include "libtorch.hpp"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

namespace dha::ops::libtorch {

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding,
                                 Pair dilation) {
  return at::conv2d(x, weight, {}, stride, padding, dilation, x.size(1));
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

at::Tensor max_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return at::max_pool2d(x, kernel, stride, padding);
}

at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return at::avg_pool2d(x, kernel, stride, padding, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

}  // namespace dha::ops::libtorch
