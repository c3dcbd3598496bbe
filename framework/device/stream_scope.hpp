// Work of the calling thread on a stream of its own, in order with what went before and what comes after on the old
// one.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/StreamGuard.h>

#include <optional>

namespace dha {

// Nothing where the device is the CPU.
class StreamScope {
 public:
  explicit StreamScope(at::Device device);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  std::optional<c10::StreamGuard> guard_;
};

}  // namespace dha
