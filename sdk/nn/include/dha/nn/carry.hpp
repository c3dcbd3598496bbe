// Carries weights from one network to another by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "dha/space.hpp"

namespace dha::nn {

// The tensors of a source network by name. They share memory with the network.
class WeightSource {
 public:
  // Parameters and buffers of `network`.
  explicit WeightSource(const Network& network);

  // Undefined if there is no tensor of that name.
  at::Tensor find(const std::string& name) const;

  // Copies the tensor of the same name into `target` and returns whether there was one. If its shape differs, kShared
  // returns false and kExact throws Error{kInvalidConfig}.
  bool copy_to(const NamedTensor& target, CarryMode mode) const;

 private:
  std::unordered_map<std::string, at::Tensor> tensors_;
};

// Copies the tensors of `from` into the parameters and buffers of `to` of the same name, and returns how many
// parameters were set. With kExact, throws Error{kInvalidConfig} if a tensor of `to` has no source of its name and
// shape.
int64_t carry_by_name(const WeightSource& from, Network& to, CarryMode mode);

}  // namespace dha::nn
