// Puts the values of tensors back at the end of its lifetime, whatever they have become.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace dha {

class SavedTensors {
 public:
  // Copies the values of `tensors`, which share their memory with the caller's.
  explicit SavedTensors(std::vector<at::Tensor> tensors);
  ~SavedTensors();
  SavedTensors(const SavedTensors&) = delete;
  SavedTensors& operator=(const SavedTensors&) = delete;

 private:
  std::vector<at::Tensor> tensors_, copies_;
};

}  // namespace dha
