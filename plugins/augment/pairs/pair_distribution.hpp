// The law by which dha.tau draws pairs: softmax over 196 logits, and draws from it.
//
// follow() makes the probabilities of logits, draw() draws by the last ones; a joint step does both once.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

#include "pair_operations.hpp"

namespace dha::pairs {

class PairDistribution {
 public:
  // uniform_share: of the uniform distribution, mixed in, in [0, 1]. temperature: of a softmax of the probabilities'
  // logarithms with Gumbel noise, drawn anew by each draw(); none draws from the probabilities themselves.
  PairDistribution(double uniform_share, std::optional<double> temperature, const at::Device& device);

  // logits: double (196), on the device.
  void follow(const at::Tensor& logits);

  // int64 (count), on the device. generator: of the device.
  at::Tensor draw(int64_t count, const at::Generator& generator);

  // Double (196); follow() writes into it.
  const at::Tensor& probabilities() const { return probabilities_; }

 private:
  at::Tensor noisy_weights(const at::Generator& generator) const;
  at::Tensor noisy_weights_on_host(const at::Generator& generator) const;

  double uniform_share_;
  std::optional<double> temperature_;
  at::Tensor probabilities_;
  std::array<double, kPairCount> cumulated_{};  // of what is drawn by, on the CPU
};

}  // namespace dha::pairs
