// Device work that is recorded once and replayed as a whole without the host (a CUDA graph).
//
// The program links no CUDA library. The recording code is in a library opened at run time: dha_cuda.so, which is next
// to the folder of the default plugins and exports dha_make_device_graph(), or the library that replaces LibTorch's
// (device/accelerator.hpp).
#pragma once

#include <ATen/core/Generator.h>

#include <memory>
#include <vector>

namespace dha {

class DeviceGraph {
 public:
  DeviceGraph() = default;
  virtual ~DeviceGraph() = default;
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;

  // From here to end(), work on the calling thread's current stream, which must not be the default one, is recorded
  // instead of executed. Draws must come from `generators`, which continue from their current state at each replay.
  virtual void begin(const std::vector<at::Generator>& generators) = 0;
  virtual void end() = 0;

  // Executes the recorded work on the current stream: reads and writes the same memory as the recorded calls.
  virtual void replay() = 0;
};

// Null if no library opened for the accelerator can record.
std::unique_ptr<DeviceGraph> make_device_graph();

}  // namespace dha

extern "C" dha::DeviceGraph* dha_make_device_graph(void);
