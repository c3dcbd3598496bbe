// The public operators, with their backward passes.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/autograd.h>

#include "dha/operators.hpp"
#include "eligibility.hpp"
#include "gradient_sink.hpp"
#include "kept_call.hpp"
#include "libtorch.hpp"
#include "norm.hpp"
#include "pool.hpp"
#include "reduction.hpp"
#include "separable.hpp"

namespace dha::ops {

namespace {

// Shows the time until its end to LibTorch's profilers. These operators are called as functions and not through the
// dispatcher, which does so for LibTorch's own.
class Recorded {
 public:
  explicit Recorded(const char* name) : function_(at::RecordScope::FUNCTION) {
    if (function_.isActive()) function_.before(name);
  }

 private:
  at::RecordFunction function_;
};

// Where the gradient of the first input goes, x: to its sink, or to a tensor that backward() returns.
class InputGradient {
 public:
  InputGradient(AutogradContext* context, const std::shared_ptr<GradientSink>& sink, const at::Tensor& x)
      : InputGradient(context, sink, x.sizes(), x.options()) {}
  InputGradient(AutogradContext* context, const std::shared_ptr<GradientSink>& sink, at::IntArrayRef sizes,
                const at::TensorOptions& options)
      : sink_(sink) {
    if (context->needs_input_grad(0)) target_ = (sink_ ? *sink_ : own_).target(sizes, options);
  }

  const GradientTarget& target() const { return target_; }
  at::Tensor returned() const { return sink_ ? at::Tensor() : target_.tensor; }

 private:
  std::shared_ptr<GradientSink> sink_;
  GradientSink own_;
  GradientTarget target_;
};

// The gradients of `inputs` as LibTorch's operators give them, for a backward pass whose result is to be
// differentiated.
template <class Run>
variable_list differentiable(const variable_list& inputs, const at::Tensor& gradient, const Run& run) {
  variable_list wanted;
  for (const at::Tensor& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  const variable_list found = torch::autograd::grad({run()}, wanted, {gradient}, /*retain_graph=*/true,
                                                    /*create_graph=*/true, /*allow_unused=*/true);
  variable_list gradients(inputs.size());
  for (size_t i = 0, next = 0; i < inputs.size(); ++i)
    if (inputs[i].requires_grad()) gradients[i] = found[next++];
  return gradients;
}

// Backward functions are given as many gradients as apply() had arguments: the tensors come first, this many follow.
variable_list with_undefined(variable_list gradients, size_t count) {
  gradients.resize(gradients.size() + count);
  return gradients;
}

struct DepthwiseCall {
  Pair stride, padding, dilation;
  std::shared_ptr<GradientSink> sink;
};

class DepthwiseFunction : public Function<DepthwiseFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const DepthwiseCall& call) {
    context->save_for_backward({x, weight});
    keep(context, call);
    return depthwise_forward(x, weight, call.stride, call.padding, call.dilation);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const Recorded recorded("dha::depthwise_convolution_backward");
    const auto& call = kept<DepthwiseCall>(*context);
    const variable_list saved = context->get_saved_variables();
    if (at::GradMode::is_enabled())
      return with_undefined(differentiable(saved, output[0],
                                           [&] {
                                             return libtorch::depthwise_convolution(saved[0], saved[1], call.stride,
                                                                                    call.padding, call.dilation);
                                           }),
                            1);
    const InputGradient x(context, call.sink, saved[0]);
    const at::Tensor weight = depthwise_backward(with_pitch(output[0]), saved[0], saved[1], call.stride, call.padding,
                                                 call.dilation, x.target(), context->needs_input_grad(1));
    return {x.returned(), weight, {}};
  }
};

// Of a batch norm in training; the tensors are x, and the weight and bias that are defined.
struct NormCall {
  Norm norm;  // of the forward pass alone, empty where it is kept
  NormMode mode;
  bool has_weight, has_bias;
  std::shared_ptr<GradientSink> sink;
};

class NormFunction : public Function<NormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList tensors, const NormCall& call) {
    const NormOutput output = batch_norm_forward(tensors[0], call.norm, call.mode);
    variable_list saved = tensors.vec();
    saved.push_back(output.statistics);
    context->save_for_backward(std::move(saved));
    keep(context, NormCall{{}, call.mode, call.has_weight, call.has_bias, call.sink});
    return output.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const Recorded recorded("dha::batch_norm_backward");
    const auto& call = kept<NormCall>(*context);
    variable_list tensors = context->get_saved_variables();
    const at::Tensor statistics = tensors.back();
    tensors.pop_back();
    if (at::GradMode::is_enabled()) {
      const Norm norm{
          call.has_weight ? tensors[1] : at::Tensor(), call.has_bias ? tensors.back() : at::Tensor(), {}, {}};
      return with_undefined(
          differentiable(tensors, output[0], [&] { return libtorch::batch_norm(tensors[0], norm, call.mode); }), 1);
    }
    const InputGradient x(context, call.sink, tensors[0]);
    const NormGradients gradients = batch_norm_backward(with_pitch(output[0]), tensors[0], statistics, x.target());
    variable_list list{x.returned()};
    if (call.has_weight) list.push_back(gradients.weight);
    if (call.has_bias) list.push_back(gradients.bias);
    return with_undefined(std::move(list), 1);
  }
};

// The weights of a stage in a fixed order.
template <class StageType, class Visit>
void for_weights(StageType& stage, const Visit& visit) {
  visit(stage.depthwise);
  visit(stage.pointwise);
  visit(stage.norm.weight);
  visit(stage.norm.bias);
}

struct SeparableCall {
  std::vector<Stage> stages;  // in the kept one, weights that are defined are so but empty, and there is no other
  NormMode mode;
  std::shared_ptr<GradientSink> sink;

  // x and the weights that are defined.
  variable_list tensors(const at::Tensor& x) const {
    variable_list list{x};
    for (const Stage& stage : stages)
      for_weights(stage, [&](const at::Tensor& weight) {
        if (weight.defined()) list.push_back(weight);
      });
    return list;
  }

  // A call without the memory of its tensors, which know only whether they are defined.
  SeparableCall shape() const {
    static const at::Tensor defined = at::empty({0}, at::kFloat);
    SeparableCall call = *this;
    for (Stage& stage : call.stages) {
      for_weights(stage, [&](at::Tensor& weight) { weight = weight.defined() ? defined : at::Tensor(); });
      stage.norm.running_mean = stage.norm.running_var = at::Tensor();
    }
    return call;
  }

  std::vector<Stage> stages_with(const variable_list& tensors) const {
    std::vector<Stage> whole = stages;
    size_t next = 1;
    for (Stage& stage : whole)
      for_weights(stage, [&](at::Tensor& weight) {
        if (weight.defined()) weight = tensors[next++];
      });
    return whole;
  }
};

class SeparableFunction : public Function<SeparableFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList tensors, const SeparableCall& call) {
    const SeparableOutput output = separable_forward(tensors[0], call.stages, call.mode);
    variable_list saved = tensors.vec();
    saved.insert(saved.end(), output.z.begin(), output.z.end());
    saved.insert(saved.end(), output.statistics.begin(), output.statistics.end());
    context->save_for_backward(std::move(saved));
    keep(context, call.shape());
    return output.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const Recorded recorded("dha::rectified_separable_backward");
    const auto& call = kept<SeparableCall>(*context);
    variable_list tensors = context->get_saved_variables();
    const auto stages = static_cast<std::ptrdiff_t>(call.stages.size());
    SeparableOutput saved;
    saved.z.assign(tensors.end() - 2 * stages, tensors.end() - stages);
    saved.statistics.assign(tensors.end() - stages, tensors.end());
    tensors.resize(tensors.size() - 2 * call.stages.size());
    const std::vector<Stage> whole = call.stages_with(tensors);
    if (at::GradMode::is_enabled())
      return with_undefined(differentiable(tensors, output[0],
                                           [&] { return libtorch::rectified_separable(tensors[0], whole, call.mode); }),
                            1);
    const InputGradient x(context, call.sink, tensors[0]);
    const std::vector<StageGradients> gradients =
        separable_backward(with_pitch(output[0]), tensors[0], whole, saved, x.target());
    variable_list list{x.returned()};
    for (size_t s = 0; s < whole.size(); ++s) {
      const StageGradients& own = gradients[s];
      if (whole[s].depthwise.defined()) list.push_back(own.depthwise);
      list.push_back(own.pointwise);
      if (whole[s].norm.weight.defined()) list.push_back(own.weight);
      if (whole[s].norm.bias.defined()) list.push_back(own.bias);
    }
    return with_undefined(std::move(list), 1);
  }
};

struct ReductionCall {
  bool rectify;
  std::shared_ptr<GradientSink> sink;
};

class ReductionFunction : public Function<ReductionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& even,
                            const at::Tensor& odd, const ReductionCall& call) {
    context->save_for_backward({x, even, odd});
    keep(context, call);
    return reduction_forward(x, even, odd, call.rectify);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const Recorded recorded("dha::factorized_reduction_backward");
    const auto& call = kept<ReductionCall>(*context);
    const variable_list saved = context->get_saved_variables();
    if (at::GradMode::is_enabled())
      return with_undefined(
          differentiable(saved, output[0],
                         [&] { return libtorch::factorized_reduction(saved[0], saved[1], saved[2], call.rectify); }),
          1);
    const InputGradient x(context, call.sink, saved[0]);
    const ReductionGradients gradients =
        reduction_backward(with_pitch(output[0]), saved[0], saved[1], saved[2], call.rectify, x.target(),
                           context->needs_input_grad(1) || context->needs_input_grad(2));
    return {x.returned(), gradients.even, gradients.odd, {}};
  }
};

struct PoolCall {
  Pair kernel, stride, padding;
  std::vector<int64_t> x_sizes;
  std::shared_ptr<GradientSink> sink;
};

class MaxPoolFunction : public Function<MaxPoolFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const PoolCall& call) {
    const MaxPoolOutput output = max_pool_forward(x, call.kernel, call.stride, call.padding);
    context->save_for_backward({x, output.tap});
    keep(context, call);
    return output.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const Recorded recorded("dha::max_pool_backward");
    const auto& call = kept<PoolCall>(*context);
    const variable_list saved = context->get_saved_variables();
    if (at::GradMode::is_enabled())
      return with_undefined(
          differentiable({saved[0]}, output[0],
                         [&] { return libtorch::max_pool(saved[0], call.kernel, call.stride, call.padding); }),
          1);
    const InputGradient x(context, call.sink, saved[0]);
    if (x.target().tensor.defined())
      max_pool_backward(with_pitch(output[0]), saved[1], call.kernel, call.stride, call.padding, x.target());
    return {x.returned(), {}};
  }
};

class AveragePoolFunction : public Function<AveragePoolFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const PoolCall& call) {
    keep(context, call);
    return average_pool_forward(x, call.kernel, call.stride, call.padding);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output);
};

// Linear: the gradient's gradient is the forward pass again.
class AveragePoolBackwardFunction : public Function<AveragePoolBackwardFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient, const PoolCall& call) {
    keep(context, call);
    const GradientTarget x = GradientSink().target(call.x_sizes, gradient.options());
    average_pool_backward(with_pitch(gradient), call.kernel, call.stride, call.padding, x);
    return x.tensor;
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const auto& call = kept<PoolCall>(*context);
    const at::Tensor gradient = output[0].contiguous(at::MemoryFormat::ChannelsLast);
    return {AveragePoolFunction::apply(gradient, PoolCall{call.kernel, call.stride, call.padding, call.x_sizes, {}}),
            {}};
  }
};

variable_list AveragePoolFunction::backward(AutogradContext* context, const variable_list& output) {
  const Recorded recorded("dha::average_pool_backward");
  const auto& call = kept<PoolCall>(*context);
  if (at::GradMode::is_enabled()) return {AveragePoolBackwardFunction::apply(output[0], call), {}};
  const InputGradient x(context, call.sink, call.x_sizes, output[0].options());
  if (x.target().tensor.defined())
    average_pool_backward(with_pitch(output[0]), call.kernel, call.stride, call.padding, x.target());
  return {x.returned(), {}};
}

}  // namespace

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, Pair stride, Pair padding,
                                 Pair dilation) {
  if (!has_native_kernel(x, weight, stride, padding, dilation))
    return libtorch::depthwise_convolution(x, weight, stride, padding, dilation);
  const Recorded recorded("dha::depthwise_convolution");
  return DepthwiseFunction::apply(x, weight, DepthwiseCall{stride, padding, dilation, sink_of(x)});
}

at::Tensor batch_norm(const at::Tensor& x, const Norm& norm, const NormMode& mode) {
  const bool has_values = !mode.training || x.numel() > x.size(1);
  if (!has_values || !has_native_kernel(x, x.size(1), norm, mode)) return libtorch::batch_norm(x, norm, mode);
  const Recorded recorded("dha::batch_norm");
  if (!mode.training) return batch_norm_forward(x, norm, mode).y;
  variable_list tensors{x};
  for (const at::Tensor& weight : {norm.weight, norm.bias})
    if (weight.defined()) tensors.push_back(weight);
  return NormFunction::apply(at::TensorList(tensors),
                             NormCall{norm, mode, norm.weight.defined(), norm.bias.defined(), sink_of(x)});
}

at::Tensor rectified_separable(const at::Tensor& x, const std::vector<Stage>& stages, const NormMode& mode) {
  if (stages.empty()) return x;
  if (!has_native_kernel(x, stages, mode)) return libtorch::rectified_separable(x, stages, mode);
  const Recorded recorded("dha::rectified_separable");
  if (!mode.training) return separable_forward(x, stages, mode).y;
  const SeparableCall call{stages, mode, sink_of(x)};
  return SeparableFunction::apply(at::TensorList(call.tensors(x)), call);
}

at::Tensor factorized_reduction(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify) {
  if (!has_native_kernel(x, even, odd)) return libtorch::factorized_reduction(x, even, odd, rectify);
  const Recorded recorded("dha::factorized_reduction");
  return ReductionFunction::apply(x, even, odd, ReductionCall{rectify, sink_of(x)});
}

at::Tensor max_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  if (!has_native_kernel(x, kernel, stride, padding)) return libtorch::max_pool(x, kernel, stride, padding);
  const Recorded recorded("dha::max_pool");
  return MaxPoolFunction::apply(x, PoolCall{kernel, stride, padding, x.sizes().vec(), sink_of(x)});
}

at::Tensor average_pool(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  if (!has_native_kernel(x, kernel, stride, padding)) return libtorch::average_pool(x, kernel, stride, padding);
  const Recorded recorded("dha::average_pool");
  return AveragePoolFunction::apply(x, PoolCall{kernel, stride, padding, x.sizes().vec(), sink_of(x)});
}

}  // namespace dha::ops
