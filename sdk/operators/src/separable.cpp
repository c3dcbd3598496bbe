#include "separable.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "convolution.hpp"
#include "norm.hpp"
#include "typed.hpp"

namespace dha::ops {

namespace {

// A stage's convolution of x; the weights need not be defined.
template <class T>
Convolution<T> convolution_of(const at::Tensor& x, const Stage& stage) {
  Convolution<T> convolution;
  convolution.images = x.size(0);
  convolution.channels = x.size(1);
  convolution.height = x.size(2);
  convolution.width = x.size(3);
  if (stage.depthwise.defined()) {
    for (int axis = 0; axis < 2; ++axis) {
      const auto i = static_cast<size_t>(axis);
      convolution.window.kernel[axis] = stage.depthwise.size(2 + axis);
      convolution.window.stride[axis] = stage.stride[i];
      convolution.window.padding[axis] = stage.padding[i];
      convolution.window.dilation[axis] = stage.dilation[i];
    }
    convolution.depthwise = stage.depthwise.const_data_ptr<T>();
  }
  if (stage.pointwise.defined()) convolution.pointwise = stage.pointwise.const_data_ptr<T>();
  convolution.output_height = convolution.window.output(0, convolution.height);
  convolution.output_width = convolution.window.output(1, convolution.width);
  convolution.output_channels = stage.pointwise.defined() ? stage.pointwise.size(0) : convolution.channels;
  convolution.prologue.rectify = true;
  return convolution;
}

template <class T>
at::Tensor empty_output(const Convolution<T>& convolution, const at::Tensor& like) {
  return at::empty(
      {convolution.images, convolution.output_channels, convolution.output_height, convolution.output_width},
      like.options(), at::MemoryFormat::ChannelsLast);
}

template <class T>
SeparableOutput forward(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode) {
  SeparableOutput output;
  at::Tensor input = x;
  for (size_t s = 0; s < stages.size(); ++s) {
    Convolution<T> convolution = convolution_of<T>(input, stages[s]);
    if (s > 0) convolution.prologue = Statistics<T>(output.statistics[s - 1]).prologue(true);
    at::Tensor z = empty_output(convolution, x);
    Moments<T> moments;
    convolve(convolution, input.const_data_ptr<T>(), z.mutable_data_ptr<T>(), mode.training ? &moments : nullptr);
    output.statistics.push_back(mode.training ? statistics_of(moments, stages[s].norm, mode, x)
                                              : running_statistics<T>(stages[s].norm, mode, x));
    output.z.push_back(z);
    input = z;
  }
  output.y = at::empty_like(input);
  normalize(input.const_data_ptr<T>(), input.numel() / input.size(1), input.size(1),
            Statistics<T>(output.statistics.back()).prologue(false), output.y.mutable_data_ptr<T>());
  return output;
}

template <class T>
T* gradient_of(const at::Tensor& tensor, bool needed, at::Tensor& gradient) {
  if (!needed) return nullptr;
  gradient = at::empty_like(tensor);
  return gradient.mutable_data_ptr<T>();
}

bool needs_gradient(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); }

template <class T>
std::vector<StageGradients> backward(const at::Tensor& gradient, const at::Tensor& x, const std::vector<Stage>& stages,
                                     const SeparableOutput& saved, const GradientTarget& x_gradient) {
  std::vector<StageGradients> gradients(stages.size());
  at::Tensor output_gradient = gradient;
  int64_t output_ld = *pixel_pitch(gradient);
  const auto channels = [](const at::Tensor& z) { return static_cast<size_t>(z.size(1)); };
  std::vector<double> sum(channels(saved.z.back())), product(sum.size());
  const at::Tensor& last = saved.z.back();
  gradient_sums(gradient.const_data_ptr<T>(), output_ld, last.const_data_ptr<T>(), last.numel() / last.size(1),
                last.size(1), Statistics<T>(saved.statistics.back()).mean, sum.data(), product.data());
  for (size_t s = stages.size(); s-- > 0;) {
    const Stage& stage = stages[s];
    StageGradients& own = gradients[s];
    const at::Tensor &input = s > 0 ? saved.z[s - 1] : x, &z = saved.z[s];
    if (needs_gradient(stage.norm.weight)) own.weight = weight_gradient(saved.statistics[s], product);
    if (needs_gradient(stage.norm.bias)) own.bias = bias_gradient(saved.statistics[s], sum);
    const NormBackward<T> norm(saved.statistics[s], sum, product, z.numel() / z.size(1));
    Convolution<T> convolution = convolution_of<T>(input, stage);
    if (s > 0) convolution.prologue = Statistics<T>(saved.statistics[s - 1]).prologue(true);
    const GradientTarget input_gradient = s > 0 ? GradientTarget{at::empty_like(input), false} : x_gradient;
    ConvolutionGradients<T> wanted;
    wanted.x = TargetPixels<T>(input_gradient);
    wanted.depthwise = gradient_of<T>(stage.depthwise, needs_gradient(stage.depthwise), own.depthwise);
    wanted.pointwise = gradient_of<T>(stage.pointwise, needs_gradient(stage.pointwise), own.pointwise);
    std::vector<double> input_sum(s > 0 ? channels(input) : 0), input_product(input_sum.size());
    if (s > 0) {
      wanted.sum = input_sum.data();
      wanted.product = input_product.data();
    }
    convolve_backward<T>(convolution, input.const_data_ptr<T>(),
                         {output_gradient.const_data_ptr<T>(), output_ld, z.const_data_ptr<T>(), norm.coefficients()},
                         wanted);
    sum = std::move(input_sum);
    product = std::move(input_product);
    output_gradient = input_gradient.tensor;
    output_ld = input.size(1);
  }
  return gradients;
}

template <class T>
Convolution<T> depthwise_of(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding, Pair dilation) {
  Convolution<T> convolution = convolution_of<T>(x, Stage{weight, stride, padding, dilation, {}, {}});
  convolution.prologue.rectify = false;
  return convolution;
}

}  // namespace

SeparableOutput separable_forward(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode) {
  return typed(x, [&](auto zero) { return forward<decltype(zero)>(x, stages, mode); });
}

std::vector<StageGradients> separable_backward(const at::Tensor& gradient, const at::Tensor& x,
                                               const std::vector<Stage>& stages, const SeparableOutput& saved,
                                               const GradientTarget& x_gradient) {
  return typed(x, [&](auto zero) { return backward<decltype(zero)>(gradient, x, stages, saved, x_gradient); });
}

at::Tensor depthwise_forward(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding, Pair dilation) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    const Convolution<T> convolution = depthwise_of<T>(x, weight, stride, padding, dilation);
    at::Tensor y = empty_output(convolution, x);
    convolve<T>(convolution, x.const_data_ptr<T>(), y.mutable_data_ptr<T>(), nullptr);
    return y;
  });
}

at::Tensor depthwise_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, Pair stride,
                              Pair padding, Pair dilation, const GradientTarget& x_gradient, bool needs_weight) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    at::Tensor weight_gradient;
    ConvolutionGradients<T> wanted;
    wanted.x = TargetPixels<T>(x_gradient);
    wanted.depthwise = gradient_of<T>(weight, needs_weight, weight_gradient);
    convolve_backward<T>(depthwise_of<T>(x, weight, stride, padding, dilation), x.const_data_ptr<T>(),
                         {gradient.const_data_ptr<T>(), *pixel_pitch(gradient), nullptr, {}}, wanted);
    return weight_gradient;
  });
}

}  // namespace dha::ops
