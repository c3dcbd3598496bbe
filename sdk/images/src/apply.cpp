#include "dha/images/apply.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "dha/images/image_batch.hpp"
#include "dha/images/pixels.hpp"
#include "kernel_library.hpp"
#include "tensor_operations.hpp"

namespace dha::images {
namespace {

constexpr const char* kSchema =
    "apply(Tensor images, Tensor operation, Tensor value, Tensor is_cubic, Tensor centre, Tensor fill) -> Tensor";

using ApplyOperator = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                 const at::Tensor&, const at::Tensor&);

std::string shape_of(const at::Tensor& tensor) {
  std::string shape;
  for (const int64_t size : tensor.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
  return std::string(at::toString(tensor.scalar_type())) + " (" + shape + ")";
}

void check(const char* what, const at::Tensor& tensor, at::ScalarType type, at::IntArrayRef shape, at::Device device) {
  if (!tensor.defined())
    throw Error(ErrorCode::kContractViolation, std::string("image operations came without ") + what);
  if (tensor.scalar_type() == type && tensor.sizes() == shape && tensor.device() == device) return;
  std::string expected;
  for (const int64_t size : shape) expected += (expected.empty() ? "" : ", ") + std::to_string(size);
  throw Error(ErrorCode::kContractViolation, std::string(what) + " of image operations must be " + at::toString(type) +
                                                 " (" + expected + ") on " + device.str() + ", found " +
                                                 shape_of(tensor) + " on " + tensor.device().str());
}

// Returns how many operations each image gets.
int64_t check_calls(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill) {
  check_images(images);
  if (!calls.operation.defined() || calls.operation.dim() != 2 || calls.operation.size(1) < 1)
    throw Error(ErrorCode::kContractViolation,
                "the operations of images must be int64 (N, K) with K >= 1, found " +
                    (calls.operation.defined() ? shape_of(calls.operation) : std::string("no tensor")));
  const int64_t count = images.size(0), per_image = calls.operation.size(1);
  check("operation", calls.operation, at::kLong, {count, per_image}, images.device());
  check("value", calls.value, at::kDouble, {count, per_image}, images.device());
  check("is_cubic", calls.is_cubic, at::kBool, {count, per_image}, images.device());
  if (calls.centre.defined()) check("centre", calls.centre, at::kDouble, {count, per_image, 2}, images.device());
  check("fill", fill, at::kByte, {images.size(1)}, images.device());
  return per_image;
}

Operation checked_operation(int64_t index) {
  if (index < 0 || index >= kOperationCount)
    throw Error(ErrorCode::kContractViolation, "an image operation has index " + std::to_string(index) +
                                                   ", expected one in [0, " + std::to_string(kOperationCount) + ")");
  return static_cast<Operation>(index);
}

at::Tensor apply_by_loops(const at::Tensor& images, const at::Tensor& operation, const at::Tensor& value,
                          const at::Tensor& is_cubic, const at::Tensor& centre, const at::Tensor& fill) {
  const at::Tensor operations = operation.contiguous(), values = value.contiguous(), cubic = is_cubic.contiguous(),
                   centres = centre.contiguous(), colour = fill.contiguous();
  std::vector<OperationCall> calls(static_cast<size_t>(operations.numel()));
  OperationCall common;
  std::copy_n(colour.const_data_ptr<uint8_t>(), colour.numel(), common.fill.begin());
  for (size_t i = 0; i < calls.size(); ++i) {
    OperationCall& call = calls[i] = common;
    call.operation = checked_operation(operations.const_data_ptr<int64_t>()[i]);
    call.value = values.const_data_ptr<double>()[i];
    call.resampling = cubic.const_data_ptr<bool>()[i] ? Resampling::kBicubic : Resampling::kBilinear;
    call.centre_x = centres.const_data_ptr<double>()[2 * i];
    call.centre_y = centres.const_data_ptr<double>()[2 * i + 1];
  }
  return apply_operations(images, calls);
}

at::Tensor apply_by_tensors(const at::Tensor& images, const at::Tensor& operation, const at::Tensor& value,
                            const at::Tensor& is_cubic, const at::Tensor& centre, const at::Tensor& fill) {
  return apply_by_libtorch(images, {operation, value, is_cubic, centre}, fill);
}

const auto& apply_operator() {
  static const auto found = [] {
    static torch::Library library(torch::Library::DEF, "dha_images", std::nullopt, __FILE__, __LINE__);
    library.def(kSchema);
    library.impl("apply", torch::dispatch(c10::DispatchKey::CompositeExplicitAutograd, &apply_by_tensors));
    library.impl("apply", torch::dispatch(c10::DispatchKey::CPU, &apply_by_loops));
    return c10::Dispatcher::singleton().findSchemaOrThrow("dha_images::apply", "").typed<ApplyOperator>();
  }();
  return found;
}

}  // namespace

at::Tensor apply_operations(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill) {
  const int64_t per_image = check_calls(images, calls, fill);
  if (images.size(0) == 0) return at::empty_like(images);
  const auto& by_device = apply_operator();
  if (images.is_cuda()) open_kernel_library();
  const at::Tensor centre =
      calls.centre.defined() ? calls.centre : at::full({images.size(0), per_image, 2}, 0.5, calls.value.options());
  return by_device.call(images.contiguous(), calls.operation, calls.value, calls.is_cubic, centre, fill);
}

at::Tensor apply_operations(const at::Tensor& images, std::span<const OperationCall> calls) {
  check_images(images);
  if (!images.is_cpu()) throw Error(ErrorCode::kContractViolation, "images must be on the CPU");
  const auto count = static_cast<size_t>(images.size(0));
  if (count == 0 ? !calls.empty() : calls.empty() || calls.size() % count != 0)
    throw Error(ErrorCode::kContractViolation, "every image must have the same number of operations, found " +
                                                   std::to_string(calls.size()) + " operations for " +
                                                   std::to_string(count) + " images");
  const at::Tensor source = images.contiguous();
  at::Tensor target = at::empty_like(source);
  if (count == 0) return target;
  const size_t per_image = calls.size() / count;
  const ImageShape shape{static_cast<int>(source.size(1)), static_cast<int>(source.size(2)),
                         static_cast<int>(source.size(3))};
  const uint8_t* from = source.const_data_ptr<uint8_t>();
  uint8_t* to = target.mutable_data_ptr<uint8_t>();
  at::parallel_for(0, source.size(0), 1, [&](int64_t begin, int64_t end) {
    Workspace workspace;
    for (int64_t i = begin; i < end; ++i)
      apply_operations(calls.subspan(static_cast<size_t>(i) * per_image, per_image), shape, from + i * shape.size(),
                       to + i * shape.size(), workspace);
  });
  return target;
}

}  // namespace dha::images
