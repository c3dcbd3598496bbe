// Measures a network on images without changing anything: evaluation mode, no gradients.
#pragma once

#include <functional>
#include <string>

#include "component/stage_parts.hpp"
#include "data/batch_feed.hpp"
#include "dha/architecture.hpp"
#include "dha/quantities.hpp"
#include "model/normalizer.hpp"

namespace dha {

struct Measurement {
  Quantities values;   // by the names of metrics.hpp
  int64_t images = 0;  // readable ones, at least one

  double loss() const { return values.at("loss"); }
  double accuracy() const { return values.at("accuracy"); }
};

// Whether a stop request ends an evaluation: not during a call of a component.
enum class Stop { kAtOnce, kAfterwards };

// How images are passed to a network.
struct EvaluationSetting {
  const Normalizer& normalizer;
  std::string precision;
  at::Device device;
};

// Receives the network's output for each batch that has images, (N, classes) logits, and the batch.
using OutputObserver = std::function<void(const NetworkOutput& output, const Batch& batch)>;

// One pass of `network`, which is in evaluation mode, over `feed`. A lean network ignores `gates`. Throws
// Error{kCancelled} when the user asks to stop, unless that must wait.
void run_network(Network& network, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting, Stop stop,
                 const OutputObserver& observe);

// One pass of the network of `parts` over `feed` in evaluation mode. A lean network ignores `gates`. Throws
// Error{kCancelled} when the user asks to stop, unless that must wait, and Error{kData} if no image can be read.
Measurement evaluate(const StageParts& parts, const Gates& gates, BatchFeed& feed, const EvaluationSetting& setting,
                     Stop stop = Stop::kAtOnce, const OutputObserver& observe = {});

}  // namespace dha
