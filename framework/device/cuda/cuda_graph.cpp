// Records and replays with LibTorch's CUDA graphs. In a library of its own, because the program links LibTorch for
// CPUs.
#include <ATen/cuda/CUDAGraph.h>

#include "device/device_graph.hpp"

namespace dha {

namespace {

class CudaGraph : public DeviceGraph {
 public:
  void begin(const std::vector<at::Generator>& generators) override {
    for (const at::Generator& generator : generators) graph_.register_generator_state(generator);
    // Threads that load images go on meanwhile, and may ask the device for memory.
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  }
  void end() override { graph_.capture_end(); }
  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace

}  // namespace dha

extern "C" C10_EXPORT dha::DeviceGraph* dha_make_device_graph(void) { return new dha::CudaGraph; }
