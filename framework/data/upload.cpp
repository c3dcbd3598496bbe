#include "data/upload.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace dha {

Upload::Upload(at::Device device) : device_(device) {
  if (!device.is_cpu()) stream_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

at::Tensor Upload::host_memory(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions().dtype(type).pinned_memory(stream_.has_value()));
}

at::Tensor Upload::operator()(const at::Tensor& host) const {
  if (!stream_) return host;
  at::Tensor uploaded;
  c10::Event copied(device_.type());
  {
    const c10::StreamGuard guard(*stream_);
    uploaded = host.to(device_, /*non_blocking=*/true);
    copied.record(*stream_);
  }
  const c10::Stream reader = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  copied.block(reader);
  uploaded.record_stream(reader);  // its memory, which belongs to the stream of the copies, is not given to the next
                                   // one before this stream is through with it
  return uploaded;
}

}  // namespace dha
