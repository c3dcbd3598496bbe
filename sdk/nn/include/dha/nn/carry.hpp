// Carries weights from one network to another by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "dha/space.hpp"

namespace dha::nn {

// The tensors of a network by name, to take from. They share memory with the network.
class WeightSource {
 public:
  // Parameters and buffers of `network`.
  explicit WeightSource(const Network& network);

  // Undefined where there is none of that name.
  at::Tensor find(const std::string& name) const;

  // Copies the tensor of the same name into `target` and returns whether there was one. One of another shape counts as
  // none with kShared; with kExact it throws Error{kInvalidConfig}.
  bool copy_to(const NamedTensor& target, CarryMode mode) const;

 private:
  std::unordered_map<std::string, at::Tensor> tensors_;
};

// Copies the parameters and buffers of `to` from their namesakes in `from` and returns how many parameters were set.
// With kExact throws Error{kInvalidConfig} where one has no namesake of its shape.
int64_t carry_by_name(const WeightSource& from, Network& to, CarryMode mode);

}  // namespace dha::nn
