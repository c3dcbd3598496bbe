// Runs every operator that has no kernel of its own on the simulated device with the CPU's kernel, over the same
// memory.
//
// Devices are checked as LibTorch's CUDA kernels check them: only 0-dimensional CPU tensors, and indices, may stand
// beside tensors on the device.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "device.hpp"
#include "device_memory.hpp"
#include "ledger.hpp"
#include "recording.hpp"

namespace dha::simulated_cuda {

namespace {

// Operators whose result's size or whose answer depends on values, for which LibTorch waits.
constexpr std::array kWaiting = {"aten::nonzero",
                                 "aten::masked_select",
                                 "aten::equal",
                                 "aten::_unique2",
                                 "aten::unique_dim",
                                 "aten::bincount",
                                 "aten::unique_consecutive",
                                 "aten::repeat_interleave"};

// Whether the operator writes to an argument, running statistics included, of which schemas say nothing.
bool writes_to(const std::string& name, const c10::Argument& argument) {
  const c10::AliasInfo* alias = argument.alias_info();
  return (alias != nullptr && alias->isWrite()) ||
         (name == "aten::native_batch_norm" && (argument.name() == "running_mean" || argument.name() == "running_var"));
}

bool takes_host_indices(const std::string& name) {
  return name == "aten::index" || name == "aten::index_put_" || name == "aten::_index_put_impl_";
}

// One call of an operator: its arguments as the CPU sees them, and the way back.
class Call {
 public:
  Call(const c10::OperatorHandle& op, torch::jit::Stack& stack) : op_(op), stack_(stack), name_(op.schema().name()) {}

  void run() {
    note_operator();
    note_waiting();
    const auto& arguments = op_.schema().arguments();
    const size_t first = stack_.size() - arguments.size();
    for (size_t i = 0; i < arguments.size(); ++i)
      stack_[first + i] = to_host(stack_[first + i], writes_to(name_, arguments[i]));
    const torch::jit::Stack arguments_on_host =
        is_recording() ? torch::jit::Stack(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end())
                       : torch::jit::Stack();
    op_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack_);
    for (const Pair& pair : pairs_) take_resized(pair);
    const size_t first_result = stack_.size() - op_.schema().returns().size();
    for (size_t i = first_result; i < stack_.size(); ++i) stack_[i] = to_device(stack_[i]);
    if (is_recording()) record_call(arguments_on_host, first_result);
  }

 private:
  struct Pair {
    at::Tensor device, host;
    bool is_written;
  };

  // At a replay the operator runs on the same memory, and results of its own go where the recorded ones went.
  void record_call(const torch::jit::Stack& arguments, size_t first_result) const {
    std::vector<at::Tensor> results;
    for (size_t i = first_result; i < stack_.size(); ++i)
      for (const at::Tensor& tensor : tensors_in(stack_[i])) {
        keep_memory(tensor);
        results.push_back(host_view(tensor));
      }
    for (const Pair& pair : pairs_) keep_memory(pair.device);
    record(
        [op = op_, arguments, results] {
          torch::jit::Stack stack = arguments;
          op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
          size_t next = 0;
          for (const c10::IValue& value : stack)
            for (const at::Tensor& tensor : tensors_in(value)) {
              const at::Tensor& target = results[next++];
              if (tensor.defined() && tensor.data_ptr() != target.data_ptr()) target.copy_(tensor);
            }
        },
        {});
  }

  static std::vector<at::Tensor> tensors_in(const c10::IValue& value) {
    if (value.isTensor()) return {value.toTensor()};
    return value.isTensorList() ? value.toTensorVector() : std::vector<at::Tensor>();
  }

  void note_waiting() const {
    const bool waits = std::find(kWaiting.begin(), kWaiting.end(), name_) != kWaiting.end();
    // LibTorch checks the weights of a draw without replacement, or of a single one, on the host.
    const bool checks_weights =
        name_ == "aten::multinomial" && (stack_[stack_.size() - 3].toInt() == 1 || !stack_[stack_.size() - 2].toBool());
    if (waits || checks_weights) note_synchronisation(name_);
  }

  at::Tensor to_host(const at::Tensor& tensor, bool is_written) {
    if (!tensor.defined()) return tensor;
    if (tensor.is_cpu()) {
      TORCH_CHECK(tensor.dim() == 0 || is_index_,
                  "Expected all tensors to be on the same device, but found at least "
                  "two devices, cuda:0 and cpu! (when checking arguments of ",
                  name_, ")");
      if (is_index_) note_copy_to_device(tensor, is_pinned(tensor.const_data_ptr()), /*waits=*/true);
      return is_recording() ? tensor.clone() : tensor;  // a number that a kernel was given
    }
    if (is_written) note_write(tensor);
    // The memory of an empty tensor cannot grow under a view.
    const at::Tensor host = is_written && tensor.numel() == 0
                                ? at::empty(tensor.sizes(), at::TensorOptions().dtype(tensor.dtype()))
                                : host_view(tensor);
    pairs_.push_back({tensor, host, is_written});
    return host;
  }

  c10::IValue to_host(const c10::IValue& value, bool is_written) {
    if (value.isTensor()) return to_host(value.toTensor(), is_written);
    if (value.isDevice()) return c10::Device(c10::DeviceType::CPU);
    if (value.isGenerator()) {
      check_may_draw(value.toGenerator());
      return host_generator(value.toGenerator());
    }
    if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(to_host(tensor, is_written));
      return list;
    }
    if (value.isOptionalTensorList()) {
      is_index_ = takes_host_indices(name_);
      c10::List<std::optional<at::Tensor>> list;
      for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector())
        list.push_back(tensor ? std::optional(to_host(*tensor, is_written)) : std::nullopt);
      is_index_ = false;
      return list;
    }
    return value;
  }

  at::Tensor to_device(const at::Tensor& host) const {
    if (!host.defined()) return host;
    for (const Pair& pair : pairs_)
      if (pair.host.is_same(host)) return pair.device;
    for (const Pair& pair : pairs_)
      TORCH_CHECK(host.numel() == 0 || host.storage().data() != pair.host.storage().data(),
                  "the simulated CUDA does "
                  "not know that ",
                  name_, " returns a view of its argument");
    return taken_to_device(host);
  }

  c10::IValue to_device(const c10::IValue& value) const {
    if (value.isTensor()) return to_device(value.toTensor());
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(to_device(tensor));
    return list;
  }

  // An output that the kernel gave a size of its own.
  static void take_resized(const Pair& pair) {
    if (!pair.is_written || pair.device.sizes() == pair.host.sizes()) return;
    const at::Tensor taken = taken_to_device(pair.host);
    c10::TensorImpl* impl = pair.device.unsafeGetTensorImpl();
    impl->set_storage_keep_dtype(taken.storage());
    impl->set_sizes_and_strides(taken.sizes(), taken.strides(), taken.storage_offset());
  }

  const c10::OperatorHandle& op_;
  torch::jit::Stack& stack_;
  const std::string name_;
  std::vector<Pair> pairs_;
  bool is_index_ = false;
};

void run_on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) { Call(op, *stack).run(); }

}  // namespace

}  // namespace dha::simulated_cuda

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&dha::simulated_cuda::run_on_host>());
}
