// Collecting and clipping the gradients of a network's weights, without host-device synchronisation.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace dha {

// The gradients in the weights' order; undefined if a weight took no part. The weights' own grad fields are cleared.
std::vector<at::Tensor> take_gradients(const std::vector<at::Tensor>& weights);

// Scales gradients in place so that their global L2 norm is at most `limit` (> 0); torch.nn.utils.clip_grad_norm_, with
// its 1e-6 in the denominator. Returns the norm before clipping, 0-dimensional; undefined if no gradient is defined.
at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double limit);

}  // namespace dha
