// Properties of a device, for environment.json, the summary and warnings.
//
// Query only CUDA devices that choose_device() returned. If the libraries do not provide a property, as with the
// simulated CUDA, the result is empty.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>
#include <string_view>

namespace dha {

// Threads that LibTorch uses within one operator.
int thread_count();

// Number of devices of the kind of `device`; 1 for the CPU.
int64_t device_count(at::Device device);

struct ComputeCapability {
  int major = 0, minor = 0;
};

// Of a CUDA device, such as 9.0. Empty for the CPU.
std::optional<ComputeCapability> compute_capability(at::Device device);

// The driver's name of a CUDA device, or the processor's model. Empty if unknown.
std::string device_name(at::Device device);

// Whether the arithmetic of `precision` (fp32, bf16, fp16, fp64) runs in hardware. bf16: compute capability 8.0 or
// later, AVX512-BF16 on a CPU; fp16: 7.0 or later, no CPU. Without it, training on a CPU is several times slower than
// in float32. A CUDA device of unknown capability passes.
bool has_native_arithmetic(at::Device device, std::string_view precision);

}  // namespace dha
