// Starts a network from the weights in a safetensors file.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "dha/space.hpp"

namespace dha::resnet {

// All tensors of a safetensors file, on the CPU. Throws Error{kInvalidParameter} that says why it cannot be read.
std::map<std::string, at::Tensor> read_weights(const std::string& file);

// Copies the tensors of `file` into the parameters and buffers of the same names. Where the file's layer `head` has
// another number of outputs, the network keeps its own, and the answer is false. Counters of batches
// ("….num_batches_tracked") have no counterpart and are left out. Throws Error{kInvalidParameter} if the file cannot be
// read, lacks a tensor, or has one too many or of another shape; the network is unchanged then.
bool take_weights(const std::string& file, Network& network, const std::string& head);

}  // namespace dha::resnet
