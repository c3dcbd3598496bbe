// What a network predicts for the images of an evaluation, collected while it runs: PredictionRecorder is its observer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "data/batch_feed.hpp"
#include "dha/space.hpp"

namespace dha {

// One entry per image that could be read, in the order of the feed. On the CPU.
struct Predictions {
  at::Tensor predicted;            // int64 (N): the class
  at::Tensor probability;          // float (N), in [0, 1]: of that class
  at::Tensor probability_of_true;  // float (N)
  at::Tensor mistakes;             // uint8 (K, channels, height, width), K <= kKeptMistakes: the most probable first
};

class PredictionRecorder {
 public:
  // Does not wait for the device.
  void add(const NetworkOutput& output, const Batch& batch);

  // After at least one batch. Waits for the device.
  Predictions result() const;

 private:
  void keep_mistakes(const at::Tensor& images, const at::Tensor& confidence);

  std::vector<at::Tensor> predicted_, probability_, probability_of_true_;
  at::Tensor mistakes_, confidence_;  // of up to kKeptMistakes images; those that are none have the confidence -1
};

}  // namespace dha
