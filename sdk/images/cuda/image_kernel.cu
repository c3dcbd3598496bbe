// The CUDA kernel for image operations: one block per image, its operations in turn.
#include "image_kernel.hpp"

#include "../src/sample_kernel.hpp"

namespace dha::images {

namespace {

constexpr int kThreads = 512;

struct CudaBlock {
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int threads() const { return static_cast<int>(blockDim.x); }
  __device__ void sync() const { __syncthreads(); }
  template <class Value>
  __device__ void add(Value* counter, Value value) const {
    atomicAdd(counter, value);
  }
};

__global__ void __launch_bounds__(kThreads) apply_operations(ImageLaunch launch) {
  __shared__ SampleMemory memory;
  const CudaBlock block;
  const Planes shape{launch.channels, launch.height, launch.width};
  const int64_t offset = static_cast<int64_t>(blockIdx.x) * shape.channels * shape.height * shape.width;
  const uint8_t* source = launch.source + offset;
  for (int i = 0; i < launch.per_image; ++i) {
    const int64_t place = static_cast<int64_t>(blockIdx.x) * launch.per_image + i;
    const SampleCall call{static_cast<int>(launch.operation[place]), launch.value[place], launch.is_cubic[place],
                          launch.centre[2 * place], launch.centre[2 * place + 1]};
    // Results alternate between the two places so that the last one lands in the target.
    uint8_t* result = ((launch.per_image - 1 - i) % 2 == 0 ? launch.target : launch.between) + offset;
    apply_sample(block, memory, call, launch.fill, shape, source, result);
    source = result;
  }
}

}  // namespace

const char* launch_operations(const ImageLaunch& launch, void* stream) {
  if (launch.count == 0) return nullptr;
  apply_operations<<<static_cast<unsigned>(launch.count), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(launch);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace dha::images
