// Measures a network on images without changing anything: evaluation mode, no gradients.
#pragma once

#include <string>

#include "data/batch_feed.hpp"
#include "dha/architecture.hpp"
#include "model/normalizer.hpp"

namespace dha {

class StageParts;

struct Measurement {
  double loss = 0;      // mean cross entropy of the main head
  double accuracy = 0;  // in [0, 1]
  int64_t images = 0;   // that could be read, at least one
};

// Whether a user who asks to stop ends an evaluation: not where a component is amid what cannot be done again.
enum class Stop { kAtOnce, kAfterwards };

// One pass of the network of `parts` over `feed` in evaluation mode; it is in training mode afterwards. A lean network
// ignores `gates`. Throws Error{kCancelled} when the user asks to stop, unless that has to wait, and Error{kData} where
// no image can be read.
Measurement evaluate(const StageParts& parts, const Gates& gates, BatchFeed& feed, const Normalizer& normalizer,
                     const std::string& precision, at::Device device, Stop stop = Stop::kAtOnce);

}  // namespace dha
