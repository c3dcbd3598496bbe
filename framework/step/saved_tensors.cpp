#include "step/saved_tensors.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_copy.h>

#include <utility>

namespace dha {

SavedTensors::SavedTensors(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {
  for (const at::Tensor& tensor : tensors_) copies_.push_back(tensor.detach().clone());
}

SavedTensors::~SavedTensors() {
  if (tensors_.empty()) return;
  const at::NoGradGuard no_grad;
  try {
    at::_foreach_copy_(tensors_, copies_);
  } catch (const std::exception&) {  // a device that failed: the error that unwinds says so, or the next call will
  }
}

}  // namespace dha
