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

  // From here to end(), what is asked of the calling thread's current stream, which must not be the default one, is
  // recorded and not done. Draws may come from `generators` only, which at each replay go on from where they stand.
  virtual void begin(const std::vector<at::Generator>& generators) = 0;
  virtual void end() = 0;

  // Does what was recorded, on the current stream: reads and writes the memory that the recorded calls did.
  virtual void replay() = 0;
};

// Null where no library that was opened for the accelerator records.
std::unique_ptr<DeviceGraph> make_device_graph();

}  // namespace dha

extern "C" dha::DeviceGraph* dha_make_device_graph(void);
