#include "step/fetch_values.hpp"

#include <ATen/ops/cat.h>

namespace dha {

std::vector<double> fetch_values(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> on_device;
  for (const at::Tensor& tensor : tensors)
    if (!tensor.is_cpu()) on_device.push_back(tensor.detach().to(at::kDouble).reshape(-1));
  at::Tensor fetched;
  if (!on_device.empty()) fetched = at::cat(on_device).cpu();
  std::vector<double> values;
  int64_t next = 0;
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor own = tensor.is_cpu() ? tensor.detach().to(at::kDouble).reshape(-1).contiguous()
                                           : fetched.narrow(0, next, tensor.numel());
    if (!tensor.is_cpu()) next += tensor.numel();
    const double* value = own.const_data_ptr<double>();
    values.insert(values.end(), value, value + own.numel());
  }
  return values;
}

}  // namespace dha
