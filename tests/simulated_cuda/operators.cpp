// The operators that a CPU kernel cannot stand for: memory, views, copies, and those that choose a backend.
#include <ATen/EmptyTensor.h>
#include <ATen/TensorOperators.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_local_scalar_dense.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <ATen/ops/where.h>
#include <torch/library.h>

#include <array>
#include <optional>
#include <tuple>

#include "device_memory.hpp"
#include "ledger.hpp"
#include "recording.hpp"

namespace dha::simulated_cuda {

namespace {

const c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

at::Tensor empty(at::IntArrayRef sizes, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(sizes, device_allocator(), kKeys, at::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(sizes, strides, device_allocator(), kKeys, at::dtype_or_default(dtype));
}

// As LibTorch's copies between host and card wait: always, but for non_blocking ones whose host side, where the card
// writes to it, is pinned.
void note_copy(const at::Tensor& target, const at::Tensor& source, bool non_blocking) {
  if (source.numel() == 0 || target.is_cpu() == source.is_cpu()) return;
  if (source.is_cpu())
    note_copy_to_device(source, is_pinned(source.const_data_ptr()), !non_blocking);
  else
    note_copy_to_host(source, "copy to the host", !(non_blocking && is_pinned(target.const_data_ptr())));
}

void copy_values(const at::Tensor& target, const at::Tensor& source) {
  if (!target.is_cpu()) note_write(target);
  host_view(target).copy_(host_view(source));
  record([to = host_view(target), from = host_view(source)] { to.copy_(from); }, {target, source});
}

at::Tensor& copy(at::Tensor& target, const at::Tensor& source, bool non_blocking) {
  note_copy(target, source, non_blocking);
  copy_values(target, source);
  return target;
}

at::Tensor copy_from(const at::Tensor& source, const at::Tensor& target, bool non_blocking) {
  note_copy(target, source, non_blocking);
  copy_values(target, source);
  return target;
}

at::Tensor copy_from_and_resize(const at::Tensor& source, const at::Tensor& target) {
  if (target.sizes() != source.sizes()) target.resize_(source.sizes());
  return copy_from(source, target, false);
}

at::Scalar local_scalar(const at::Tensor& tensor) {
  note_copy_to_host(tensor, "value read by the host", /*waits=*/true);
  return at::_local_scalar_dense(host_view(tensor));
}

const at::Tensor& resize(const at::Tensor& tensor, at::IntArrayRef sizes, std::optional<at::MemoryFormat>) {
  c10::TensorImpl* impl = tensor.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(sizes);
  const size_t bytes =
      (static_cast<size_t>(impl->numel()) + static_cast<size_t>(impl->storage_offset())) * impl->itemsize();
  c10::StorageImpl* storage = impl->unsafe_storage().unsafeGetStorageImpl();
  if (storage->nbytes() >= bytes) return tensor;
  c10::DataPtr grown = device_allocator()->allocate(bytes);
  device_allocator()->copy_data(grown.get(), storage->data(), storage->nbytes());
  storage->set_data_ptr_noswap(std::move(grown));
  storage->set_nbytes(bytes);
  return tensor;
}

std::optional<at::Tensor> host_view_of(const std::optional<at::Tensor>& tensor) {
  return tensor ? std::optional(host_view(*tensor)) : std::nullopt;
}

void check_device(const at::Tensor& a, const at::Tensor& b, const char* name) {
  TORCH_CHECK(a.device() == b.device(),
              "Expected all tensors to be on the same device, but found at least two devices, ", a.device(), " and ",
              b.device(), "! (when checking arguments of ", name, ")");
}

// Numbers of 16 bits as float: the CPU's convolutions of fp16 are a hundred times slower, and a gradient of bf16 reads
// memory that nobody wrote (operators/src/libtorch.cpp).
at::Tensor widened(const at::Tensor& host) {
  return host.defined() && at::isReducedFloatingType(host.scalar_type()) ? host.to(at::kFloat) : host;
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  note_operator();
  check_device(input, weight, "convolution");
  const auto run = [=, input = host_view(input), weight = host_view(weight), bias = host_view_of(bias),
                    stride = stride.vec(), padding = padding.vec(), dilation = dilation.vec(),
                    output_padding = output_padding.vec()] {
    return at::convolution(widened(input), widened(weight), bias ? std::optional(widened(*bias)) : std::nullopt, stride,
                           padding, dilation, transposed, output_padding, groups)
        .to(input.scalar_type());
  };
  const at::Tensor result = taken_to_device(run());
  record([run, result = host_view(result)] { result.copy_(run()); },
         {result, input, weight, bias.value_or(at::Tensor())});
  return result;
}

// Without channels_last where a 1x1 convolution has a stride: there oneDNN's gradient of the weight damages the heap
// (uxlfoundation/oneDNN issue 6035), which dha::ops::pointwise_convolution avoids on CPU tensors alone.
at::Tensor convolved(const at::Tensor& value, bool is_strided_pointwise) {
  const at::Tensor wide = widened(value);
  return is_strided_pointwise ? wide.clone(at::MemoryFormat::Contiguous) : wide;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& weight, at::OptionalIntArrayRef bias_sizes,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> mask) {
  note_operator();
  check_device(input, weight, "convolution_backward");
  const bool is_strided_pointwise = weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1 && stride[0] > 1;
  const auto run = [=, gradient = host_view(gradient), input = host_view(input), weight = host_view(weight),
                    sizes = bias_sizes.has_value() ? std::optional(bias_sizes->vec()) : std::nullopt,
                    stride = stride.vec(), padding = padding.vec(), dilation = dilation.vec(),
                    output_padding = output_padding.vec()] {
    const auto [of_input, of_weight, of_bias] = at::convolution_backward(
        widened(gradient), convolved(input, is_strided_pointwise), convolved(weight, is_strided_pointwise),
        sizes ? at::OptionalIntArrayRef(*sizes) : std::nullopt, stride, padding, dilation, transposed, output_padding,
        groups, mask);
    std::array<at::Tensor, 3> gradients{of_input, of_weight, of_bias};
    for (at::Tensor& found : gradients)
      if (found.defined()) found = found.to(gradient.scalar_type());
    return gradients;
  };
  std::array<at::Tensor, 3> results = run(), targets;
  for (size_t i = 0; i < results.size(); ++i) {
    results[i] = taken_to_device(results[i]);
    targets[i] = host_view(results[i]);
  }
  record(
      [run, targets] {
        const std::array<at::Tensor, 3> anew = run();
        for (size_t i = 0; i < anew.size(); ++i)
          if (anew[i].defined()) targets[i].copy_(anew[i]);
      },
      {gradient, input, weight, results[0], results[1], results[2]});
  return {results[0], results[1], results[2]};
}

// LibTorch takes numbers on the CPU to the card for this operator, and waits.
at::Tensor where(const at::Tensor& condition, const at::Tensor& chosen, const at::Tensor& otherwise) {
  note_operator();
  const auto on_device = [](const at::Tensor& tensor) {
    if (!tensor.is_cpu()) return tensor;
    TORCH_CHECK(tensor.dim() == 0, "Expected condition, x and y to be on the same device, but found cpu and cuda:0");
    return tensor.to(at::Device(at::kCUDA, 0));
  };
  const at::Tensor c = on_device(condition), a = on_device(chosen), b = on_device(otherwise);
  const at::Tensor result = taken_to_device(at::where(host_view(c), host_view(a), host_view(b)));
  record([result = host_view(result), c = host_view(c), a = host_view(a),
          b = host_view(b)] { result.copy_(at::where(c, a, b)); },
         {result, c, a, b});
  return result;
}

void record_stream(at::Tensor&, at::Stream) {}

}  // namespace

}  // namespace dha::simulated_cuda

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  namespace own = dha::simulated_cuda;
  library.impl("empty.memory_format", &own::empty);
  library.impl("empty_strided", &own::empty_strided);
  library.impl("copy_", &own::copy);
  library.impl("_copy_from", &own::copy_from);
  library.impl("_copy_from_and_resize", &own::copy_from_and_resize);
  library.impl("_local_scalar_dense", &own::local_scalar);
  library.impl("resize_", &own::resize);
  library.impl("convolution", &own::convolution);
  library.impl("convolution_backward", &own::convolution_backward);
  library.impl("where.self", &own::where);
  library.impl("record_stream", &own::record_stream);
  library.impl("as_strided", &at::native::as_strided_tensorimpl);
  library.impl("view", &at::native::view);
  library.impl("_reshape_alias", &at::native::_reshape_alias);
  library.impl("unfold", &at::native::unfold);
}
