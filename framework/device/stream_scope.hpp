// Runs work of the calling thread on a separate stream, in order with earlier and later work on the previous stream.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/StreamGuard.h>

#include <exception>
#include <optional>

namespace dha {

// Does nothing if the device is the CPU. An error at the end of the scope is thrown unless another is under way.
class StreamScope {
 public:
  explicit StreamScope(at::Device device);
  ~StreamScope() noexcept(false);
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  std::optional<c10::StreamGuard> guard_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace dha
