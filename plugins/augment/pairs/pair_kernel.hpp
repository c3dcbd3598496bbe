// The launch of the CUDA kernel for pairs of operations: plain data, so that neither side needs the other's headers.
#pragma once

#include <cstdint>

namespace dha::pairs {

// All pointers are of the device.
struct PairLaunch {
  const uint8_t* source = nullptr;     // (count, channels, height, width)
  uint8_t* between = nullptr;          // as large: what the first operation makes
  uint8_t* target = nullptr;           // as large
  const int64_t* operation = nullptr;  // (count, 2)
  const double* value = nullptr;       // (count, 2)
  const bool* is_cubic = nullptr;      // (count, 2)
  const uint8_t* fill = nullptr;       // (channels)
  int64_t count = 0;
  int channels = 0, height = 0, width = 0;
};

// Queues the kernel on `stream`, a cudaStream_t of the current device. Returns null, or CUDA's reason for refusing.
const char* launch_pairs(const PairLaunch& launch, void* stream);

}  // namespace dha::pairs
