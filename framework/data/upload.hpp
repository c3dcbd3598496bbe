// Copies batches from the host to the device on a separate stream, so that neither the host nor the current step waits
// for them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

#include <optional>

namespace dha {

class Upload {
 public:
  // If `device` is the CPU, tensors are not copied.
  explicit Upload(at::Device device);

  // Uninitialised memory to fill and upload: pinned if the device is an accelerator, so that the device reads it
  // directly. [any thread]
  at::Tensor host_memory(at::IntArrayRef sizes, at::ScalarType type) const;

  // Returns `host`, from host_memory(), on the device. Work of the calling thread on the result waits for the copy, on
  // the device. The caller must not write to `host` afterwards. [one thread at a time]
  at::Tensor operator()(const at::Tensor& host) const;

 private:
  at::Device device_;
  std::optional<c10::Stream> stream_;  // of the copies; none if the device is the CPU
};

}  // namespace dha
