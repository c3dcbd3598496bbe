#include "allocation_meter.hpp"

#include <algorithm>

namespace dha::bench {

class AllocationMeter::Reports : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t change, size_t, size_t, c10::Device) override {
    held += change;
    peak = std::max(peak, held);
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t held = 0, peak = 0;
};

AllocationMeter::AllocationMeter()
    : reports_(std::make_shared<Reports>()), guard_(c10::DebugInfoKind::PROFILER_STATE, reports_) {}

int64_t AllocationMeter::held() const { return reports_->held; }

int64_t AllocationMeter::peak() const { return reports_->peak; }

void AllocationMeter::restart() { reports_->peak = reports_->held; }

}  // namespace dha::bench
