// The simulated device itself: its generators, which draw a CPU generator's numbers.
#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Stream.h>

namespace dha::simulated_cuda {

// The CPU generator behind a generator of the simulated device. Throws c10::Error, as LibTorch does, for one of the
// CPU.
at::Generator host_generator(const at::Generator& generator);

// Of the calling thread; 0 is the default stream.
c10::StreamId current_stream_id();

}  // namespace dha::simulated_cuda
