#include "gradient_sink.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <vector>

#include "dha/operators.hpp"
#include "kept_call.hpp"

namespace dha::ops {

namespace {

// The gradient that a shared tensor passed to the operator that made it, if it was a sink's and is that operator's
// alone. Compared, never read.
struct Passed {
  const c10::TensorImpl* gradient = nullptr;
};

struct Shared {
  std::shared_ptr<GradientSink> sink = std::make_shared<GradientSink>();
  std::shared_ptr<Passed> passed;  // may be null
};

// Passes its input on, and the sum of the gradients back: those of operators that know the sink, and of all others.
class SharedFunction : public Function<SharedFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Shared& state) {
    context->set_materialize_grads(false);
    keep(context, state);
    return x.variable_data();
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const auto& state = kept<Shared>(*context);
    const at::Tensor sum = state.sink->take();
    if (!sum.defined()) return {output[0], {}};
    if (output[0].defined()) sum.add_(output[0]);
    if (state.passed) state.passed->gradient = sum.unsafeGetTensorImpl();
    return {sum, {}};
  }
};

struct Joined {
  std::vector<std::shared_ptr<GradientSink>> sinks;  // one per part, may be null
  std::vector<int64_t> channels;
  std::shared_ptr<Passed> passed = std::make_shared<Passed>();
};

class JoinFunction : public Function<JoinFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList parts, const Joined& state) {
    context->set_materialize_grads(false);
    keep(context, state);
    return at::cat(parts, 1);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output) {
    const auto& state = kept<Joined>(*context);
    variable_list gradients(state.channels.size() + 1);
    if (!output[0].defined()) return gradients;
    const bool is_ours = !at::GradMode::is_enabled() && output[0].unsafeGetTensorImpl() == state.passed->gradient;
    state.passed->gradient = nullptr;
    int64_t first = 0;
    for (size_t i = 0; i < state.channels.size(); ++i) {
      const at::Tensor part = output[0].narrow(1, first, state.channels[i]);
      if (is_ours && state.sinks[i] && context->needs_input_grad(i))
        state.sinks[i]->give(part);
      else
        gradients[i] = part;
      first += state.channels[i];
    }
    return gradients;
  }
};

at::Tensor share(const at::Tensor& x, std::shared_ptr<Passed> passed) {
  Shared state;
  state.passed = std::move(passed);
  return SharedFunction::apply(x, state);
}

bool takes_part(const at::Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

}  // namespace

GradientTarget GradientSink::target(at::IntArrayRef sizes, const at::TensorOptions& options) {
  if (sum_.defined()) return {sum_, true};
  sum_ = at::empty(sizes, options, at::MemoryFormat::ChannelsLast);
  return {sum_, false};
}

void GradientSink::give(at::Tensor gradient) {
  if (sum_.defined())
    sum_.add_(gradient);
  else
    sum_ = std::move(gradient);
}

std::shared_ptr<GradientSink> sink_of(const at::Tensor& x) {
  if (!takes_part(x)) return nullptr;
  const auto* node = dynamic_cast<torch::autograd::CppNode<SharedFunction>*>(x.grad_fn().get());
  return node == nullptr ? nullptr : kept<Shared>(node->ctx_).sink;
}

at::Tensor shared(const at::Tensor& x) {
  return takes_part(x) && has_native_kernel(x) && sink_of(x) == nullptr ? share(x, nullptr) : x;
}

at::Tensor join_channels(const std::vector<at::Tensor>& parts) {
  bool wants_gradient = false;
  for (const at::Tensor& part : parts) wants_gradient = wants_gradient || (takes_part(part) && has_native_kernel(part));
  if (!wants_gradient) return at::cat(parts, 1);
  Joined state;
  for (const at::Tensor& part : parts) {
    state.sinks.push_back(sink_of(part));
    state.channels.push_back(part.size(1));
  }
  return share(JoinFunction::apply(at::TensorList(parts), state), state.passed);
}

}  // namespace dha::ops
