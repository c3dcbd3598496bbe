// The CUDA kernel for pairs of operations: one block an image, both operations in turn.
#include "pair_kernel.hpp"
#include "sample_kernel.hpp"

namespace dha::pairs {

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

__global__ void __launch_bounds__(kThreads) apply_pairs(PairLaunch launch) {
  __shared__ SampleMemory memory;
  const CudaBlock block;
  const Planes shape{launch.channels, launch.height, launch.width};
  const int64_t offset = static_cast<int64_t>(blockIdx.x) * shape.channels * shape.height * shape.width;
  const int64_t first = 2 * static_cast<int64_t>(blockIdx.x);
  const auto call = [&](int64_t i) {
    return SampleCall{static_cast<int>(launch.operation[i]), launch.value[i], launch.is_cubic[i]};
  };
  apply_sample(block, memory, call(first), launch.fill, shape, launch.source + offset, launch.between + offset);
  apply_sample(block, memory, call(first + 1), launch.fill, shape, launch.between + offset, launch.target + offset);
}

}  // namespace

const char* launch_pairs(const PairLaunch& launch, void* stream) {
  if (launch.count == 0) return nullptr;
  apply_pairs<<<static_cast<unsigned>(launch.count), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(launch);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace dha::pairs
