// The launch of the CUDA kernel for image operations: plain data, so that neither side needs the other's headers.
#pragma once

#include <cstdint>

namespace dha::images {

// All pointers are of the device. K = per_image.
struct ImageLaunch {
  const uint8_t* source = nullptr;     // (count, channels, height, width)
  uint8_t* between = nullptr;          // as large, for results of all operations but the last; K = 1: not used
  uint8_t* target = nullptr;           // as large
  const int64_t* operation = nullptr;  // (count, K)
  const double* value = nullptr;       // (count, K)
  const bool* is_cubic = nullptr;      // (count, K)
  const double* centre = nullptr;      // (count, K, 2)
  const uint8_t* fill = nullptr;       // (channels)
  int64_t count = 0;
  int per_image = 1;
  int channels = 0, height = 0, width = 0;
};

// Queues the kernel on `stream`, a cudaStream_t of the current device. Returns null, or CUDA's reason for refusing.
const char* launch_operations(const ImageLaunch& launch, void* stream);

}  // namespace dha::images
