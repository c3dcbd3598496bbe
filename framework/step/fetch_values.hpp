// Copies scattered numbers from the device to the host in one copy.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace dha {

// The elements of all tensors, one tensor after another. Waits for the device once, and only if one of them is on it.
std::vector<double> fetch_values(const std::vector<at::Tensor>& tensors);

}  // namespace dha
