// Registers the CUDA kernel of dha_images::apply where the library that holds it is opened.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/library.h>

#include "image_kernel.hpp"

namespace {

at::Tensor apply_on_cuda(const at::Tensor& images, const at::Tensor& operation, const at::Tensor& value,
                         const at::Tensor& is_cubic, const at::Tensor& centre, const at::Tensor& fill) {
  const c10::DeviceGuard guard(images.device());
  const at::Tensor source = images.contiguous(), operations = operation.contiguous(), values = value.contiguous(),
                   cubic = is_cubic.contiguous(), centres = centre.contiguous(), colour = fill.contiguous();
  const at::Tensor target = at::empty_like(source);
  const at::Tensor between = operations.size(1) > 1 ? at::empty_like(source) : target;
  dha::images::ImageLaunch launch;
  launch.source = source.const_data_ptr<uint8_t>();
  launch.between = between.mutable_data_ptr<uint8_t>();
  launch.target = target.mutable_data_ptr<uint8_t>();
  launch.operation = operations.const_data_ptr<int64_t>();
  launch.value = values.const_data_ptr<double>();
  launch.is_cubic = cubic.const_data_ptr<bool>();
  launch.centre = centres.const_data_ptr<double>();
  launch.fill = colour.const_data_ptr<uint8_t>();
  launch.count = source.size(0);
  launch.per_image = static_cast<int>(operations.size(1));
  launch.channels = static_cast<int>(source.size(1));
  launch.height = static_cast<int>(source.size(2));
  launch.width = static_cast<int>(source.size(3));
  const c10::impl::VirtualGuardImpl cuda(images.device().type());
  const char* refusal = launch_operations(launch, cuda.getStreamNativeHandle(cuda.getStream(images.device())));
  TORCH_CHECK(refusal == nullptr, "the CUDA kernel for image operations was not started: ", refusal);
  return target;
}

}  // namespace

TORCH_LIBRARY_IMPL(dha_images, CUDA, library) { library.impl("apply", &apply_on_cuda); }
