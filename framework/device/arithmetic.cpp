#include "device/arithmetic.hpp"

#include <ATen/Context.h>

#include <cstdlib>

namespace dha {

void set_arithmetic(at::Device device, const Arithmetic& arithmetic) {
  if (device.is_cpu()) return;
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(arithmetic.tf32);
  context.setAllowTF32CuBLAS(arithmetic.tf32);
  context.setBenchmarkCuDNN(arithmetic.cudnn_benchmark);
  context.setDeterministicCuDNN(arithmetic.deterministic);
  context.setDeterministicAlgorithms(arithmetic.deterministic, /*warn_only=*/false);
  // One of the two settings under which cuBLAS promises the same bits; a user's own stays.
  if (arithmetic.deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

}  // namespace dha
