// The memory use of the process, on its devices and on the host.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace dha {

// In bytes. The first four are of this process, the last two of the device.
struct DeviceMemory {
  int64_t allocated = 0;       // held by tensors
  int64_t peak_allocated = 0;  // since the start or reset_peak_device_memory()
  int64_t reserved = 0;        // taken from the device, cached memory included
  int64_t peak_reserved = 0;
  int64_t free = 0;
  int64_t total = 0;
};

// Of a device that choose_device() returned. Empty for the CPU, and if the accelerator keeps no statistics.
std::optional<DeviceMemory> device_memory(at::Device device);

// Resets the peaks of device_memory(). Does nothing if that is empty.
void reset_peak_device_memory(at::Device device);

// Waits for the device and returns LibTorch's cached memory to it. Memory of a destroyed recording is not returned in
// any other way before the device is full.
void release_cached_memory(at::Device device);

// The largest resident set of this process so far, in bytes (VmHWM, which unlike getrusage() does not include the
// parent process). Throws Error{kInternal} if /proc does not have it.
int64_t peak_host_memory_bytes();

}  // namespace dha
