// The arithmetic of an accelerator: determinism, and the precision of products.
#pragma once

#include <c10/core/Device.h>

namespace dha {

struct Arithmetic {
  bool deterministic = false;    // LibTorch's deterministic kernels; operators without one throw
  bool tf32 = true;              // float32 products with 10 bits of mantissa
  bool cudnn_benchmark = false;  // the fastest of cuDNN's algorithms, found by measurement
};

// Sets LibTorch's switches for the process. Does nothing for the CPU, whose kernels are deterministic and exact. Call
// before the first work on the device: cuBLAS reads its workspace configuration from the environment once. [one thread]
void set_arithmetic(at::Device device, const Arithmetic& arithmetic);

}  // namespace dha
