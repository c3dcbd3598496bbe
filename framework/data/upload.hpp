// Copies batches from the host to the device on a separate stream, so that neither the host nor the current step waits
// for them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

#include <optional>

namespace dha {

class Upload {
 public:
  // Where `device` is the CPU, tensors stay as they are.
  explicit Upload(at::Device device);

  // Memory to fill and upload, its content undefined: pinned where the device is an accelerator, so that the card reads
  // it by itself. [any thread]
  at::Tensor host_memory(at::IntArrayRef sizes, at::ScalarType type) const;

  // `host`, made by host_memory(), on the device. What the calling thread does with the result waits for the copy, on
  // the device. The caller does not write to `host` afterwards. [one thread at a time]
  at::Tensor operator()(const at::Tensor& host) const;

 private:
  at::Device device_;
  std::optional<c10::Stream> stream_;  // of the copies; none where the device is the CPU
};

}  // namespace dha
