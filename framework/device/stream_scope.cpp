#include "device/stream_scope.hpp"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace dha {

namespace {

// What `later` is asked for from now on waits, on the device, for what `earlier` was asked for so far.
void put_in_order(const c10::Stream& earlier, const c10::Stream& later) {
  c10::Event event(earlier.device_type());
  event.record(earlier);
  event.block(later);
}

}  // namespace

StreamScope::StreamScope(at::Device device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl streams(device.type());
  // Uploads take theirs from the pool of low priority, so that none is shared with them.
  const c10::Stream own = streams.getStreamFromGlobalPool(device, /*isHighPriority=*/true);
  put_in_order(streams.getStream(device), own);
  guard_.emplace(own);
}

StreamScope::~StreamScope() noexcept(false) {
  if (!guard_) return;
  const bool unwinds = std::uncaught_exceptions() > exceptions_;
  try {
    put_in_order(guard_->current_stream(), guard_->original_stream());
  } catch (const std::exception&) {
    if (!unwinds) throw;  // else the error that is under way is the one to report
  }
}

}  // namespace dha
