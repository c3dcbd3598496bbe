#include "device/memory.hpp"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <fstream>
#include <string>

#include "dha/error.hpp"

namespace dha {

namespace {

// The allocator of an accelerator, once it has something to tell; null otherwise.
c10::DeviceAllocator* allocator_of(at::Device device) {
  if (device.is_cpu()) return nullptr;
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

}  // namespace

std::optional<DeviceMemory> device_memory(at::Device device) {
  c10::DeviceAllocator* allocator = allocator_of(device);
  if (allocator == nullptr) return std::nullopt;
  const c10::CachingDeviceAllocator::DeviceStats stats = allocator->getDeviceStats(device.index());
  const auto whole = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const auto [free, total] = allocator->getMemoryInfo(device.index());
  return DeviceMemory{stats.allocated_bytes[whole].current, stats.allocated_bytes[whole].peak,
                      stats.reserved_bytes[whole].current,  stats.reserved_bytes[whole].peak,
                      static_cast<int64_t>(free),           static_cast<int64_t>(total)};
}

void reset_peak_device_memory(at::Device device) {
  if (c10::DeviceAllocator* allocator = allocator_of(device)) allocator->resetPeakStats(device.index());
}

void release_cached_memory(at::Device device) {
  c10::DeviceAllocator* allocator = allocator_of(device);
  if (allocator == nullptr) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
  allocator->emptyCache();
}

int64_t peak_host_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6)) * 1024;  // "VmHWM:   123456 kB"
  throw Error(ErrorCode::kInternal, "/proc/self/status has no line VmHWM, expected the peak of the resident set");
}

}  // namespace dha
