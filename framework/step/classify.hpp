// Classifies images: the most probable classes of each and their probabilities.
#pragma once

#include <ATen/core/Tensor.h>

#include "step/evaluate.hpp"

namespace dha {

// Of the images that could be read, in the order of the feed; on the CPU.
struct Classified {
  at::Tensor labels;         // int64 (N), of the feed
  at::Tensor classes;        // int64 (N, top), the most probable first
  at::Tensor probabilities;  // double (N, top), softmax of the logits
};

// One pass of `network`, which is in evaluation mode, over `feed`. A lean network ignores `gates`. `top`: at least 1;
// of a network with fewer classes, all of them are returned. Throws Error{kCancelled} when the user asks to stop.
Classified classify(Network& network, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting,
                    int64_t top);

}  // namespace dha
