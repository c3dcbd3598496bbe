// What a device is: for environment.json, the summary and warnings.
//
// Questions about a CUDA device are for devices that choose_device() returned. Where the libraries do not answer one,
// as with the simulated CUDA, the result is empty.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>

namespace dha {

// Threads that LibTorch uses within one operator.
int thread_count();

struct ComputeCapability {
  int major = 0, minor = 0;
};

// Of a CUDA device, such as 9.0. Empty for the CPU.
std::optional<ComputeCapability> compute_capability(at::Device device);

// The driver's name of a CUDA device, or the processor's model. Empty where unknown.
std::string device_name(at::Device device);

// Whether bfloat16 arithmetic runs in hardware: compute capability 8.0 or later, AVX512-BF16 on a CPU. Without it a
// bfloat16 training on a CPU is several times slower than one in float32. A CUDA device of unknown capability passes.
bool has_native_bfloat16(at::Device device);

}  // namespace dha
