// Counts the bytes that tensors of the CPU hold, by the reports of LibTorch's allocator.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace dha::bench {

// Sees what the thread that made it allocates and frees while it lives, which has to include the allocation of whatever
// is freed.
class AllocationMeter {
 public:
  AllocationMeter();

  int64_t held() const;  // bytes now

  // The most bytes since the last call of restart().
  int64_t peak() const;
  void restart();

 private:
  class Reports;
  std::shared_ptr<Reports> reports_;
  c10::DebugInfoGuard guard_;
};

}  // namespace dha::bench
