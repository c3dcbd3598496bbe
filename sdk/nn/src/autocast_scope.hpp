// The autocast of one moment, entered again at another: a backward pass does not run under that of its forward pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace dha::nn {

// Whether operators of a device cast their inputs, and to which type.
struct AutocastState {
  c10::DeviceType device;
  bool enabled;
  at::ScalarType type;

  static AutocastState current(c10::DeviceType device);
};

// Casts as `state` says for the life of the object, without the cache of cast weights: an entry made without gradients
// must not serve a later forward pass.
class AutocastScope {
 public:
  explicit AutocastScope(const AutocastState& state);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  AutocastState before_;
  bool cached_before_;
};

}  // namespace dha::nn
