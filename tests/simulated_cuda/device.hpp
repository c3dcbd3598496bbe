// The simulated device itself: its generators, which draw a CPU generator's numbers.
#pragma once

#include <ATen/core/Generator.h>

namespace dha::simulated_cuda {

// The CPU generator behind a generator of the simulated device. Throws c10::Error, as LibTorch does, for one of the
// CPU.
at::Generator host_generator(const at::Generator& generator);

}  // namespace dha::simulated_cuda
