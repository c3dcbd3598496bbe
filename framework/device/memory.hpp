// The memory use of the process, on its devices and on the host.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace dha {

// In bytes. The first four are what this process asked for, the last two what the device has.
struct DeviceMemory {
  int64_t allocated = 0;       // held by tensors
  int64_t peak_allocated = 0;  // since the start or reset_peak_device_memory()
  int64_t reserved = 0;        // taken from the device, cached memory included
  int64_t peak_reserved = 0;
  int64_t free = 0;
  int64_t total = 0;
};

// Of a device that choose_device() returned. Empty for the CPU, and where the accelerator keeps no statistics.
std::optional<DeviceMemory> device_memory(at::Device device);

// Starts the peaks of device_memory() anew. Does nothing where that is empty.
void reset_peak_device_memory(at::Device device);

// Gives memory that LibTorch keeps for later back to the device, after everything that was asked of it is done. Memory
// of a recording that went is given back by nothing else before the device is full.
void release_cached_memory(at::Device device);

// The largest resident set of this process so far, in bytes (VmHWM, which unlike getrusage() owes nothing to the parent
// process). Throws Error{kInternal} where /proc does not tell.
int64_t peak_host_memory_bytes();

}  // namespace dha
