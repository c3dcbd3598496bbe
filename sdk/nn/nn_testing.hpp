// Tensors, plans and comparisons for the tests of Dha::nn.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "dha/nn/block.hpp"

namespace dha::nn {

inline at::Tensor random_tensor(at::IntArrayRef sizes, at::ScalarType type = at::kDouble, uint64_t seed = 5) {
  return at::empty(sizes, at::TensorOptions().dtype(type)).normal_(0, 1, at::detail::createCPUGenerator(seed));
}

inline Block built(const BlockPlan& plan, at::ScalarType type = at::kDouble, uint64_t seed = 7) {
  return Block(plan, at::TensorOptions().dtype(type), at::detail::createCPUGenerator(seed));
}

inline at::Tensor run(const Block& block, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate = {}) {
  Features input(x);
  return block.run(input, mode, gate);
}

inline std::vector<NamedTensor> parameters_of(const Block& block) {
  std::vector<NamedTensor> parameters, buffers;
  block.list(parameters, buffers);
  return parameters;
}

inline std::vector<NamedTensor> buffers_of(const Block& block) {
  std::vector<NamedTensor> parameters, buffers;
  block.list(parameters, buffers);
  return buffers;
}

inline at::Tensor named(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& one : tensors)
    if (one.name == name) return one.tensor;
  throw std::runtime_error("there is no tensor '" + name + "'");
}

// Largest absolute difference as a share of the largest value.
inline double relative_distance(const at::Tensor& found, const at::Tensor& expected) {
  if (found.sizes() != expected.sizes()) throw std::runtime_error("a tensor has another shape than expected");
  const double scale = expected.abs().max().item<double>();
  return found.sub(expected).abs().max().item<double>() / std::max(scale, 1e-30);
}

}  // namespace dha::nn
