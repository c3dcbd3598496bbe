// Gate gradients of candidates that the forward pass did not execute (ChoiceGates::observed), as in ProxylessNAS (Cai
// et al. 2019, eq. 4): the gradient of the choice's output times the candidate's output.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "dha/nn/features.hpp"

namespace dha::nn {

struct ObservedCandidate {
  int64_t position = 0;  // index of its entry in `gradients`
  size_t input = 0;      // index of the input that it reads
  // Computes the candidate's output. It must own or share everything it uses, and must not change running statistics or
  // draw random numbers: it runs within the backward pass, without gradients, possibly on another thread.
  std::function<at::Tensor(Features& input)> run;
};

// Adds <gradient of `output`, candidate's output> to the entries of `gradients` when the backward pass reaches
// `output`. `output`: part of an autograd graph, of the candidates' shape. `inputs`: those of this forward pass; their
// values are kept until then. `gradients`: (candidates), float or double, initially zero. Candidates run under the
// autocast mode of this call; half types are multiplied and summed in float.
void observe(const at::Tensor& output, const std::vector<Features>& inputs, std::vector<ObservedCandidate> candidates,
             const at::Tensor& gradients);

}  // namespace dha::nn
