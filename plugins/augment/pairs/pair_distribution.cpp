#include "pair_distribution.hpp"

#include <ATen/EmptyTensor.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_cpu_dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/log_cpu_dispatch.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "uniform_numbers.hpp"

namespace dha::pairs {

namespace {

constexpr double kLeast = 1e-300;  // that a logarithm is taken of

// The sums of `weights` up to and with a pair, as shares of all.
void cumulate(const at::Tensor& weights, std::array<double, kPairCount>& sums) {
  const auto* weight = weights.const_data_ptr<double>();
  std::partial_sum(weight, weight + kPairCount, sums.begin());
  const double all = sums.back();
  for (double& sum : sums) sum /= all;
}

// The draws of at::multinomial with replacement on the CPU, bit for bit, in a fraction of its time.
at::Tensor multinomial_on_host(const std::array<double, kPairCount>& sums, int64_t count,
                               const at::Generator& generator) {
  at::Tensor drawn = at::detail::empty_cpu({count}, at::kLong);
  auto* category = drawn.mutable_data_ptr<int64_t>();
  for (const double value : uniform_numbers(generator, count)) {
    const double* first = sums.data();  // std::lower_bound without branches, which would be guessed wrong half the time
    for (int64_t left = kPairCount; left > 1; left -= left / 2) first += first[left / 2 - 1] < value ? left / 2 : 0;
    *category++ = first - sums.data();
  }
  return drawn;
}

}  // namespace

PairDistribution::PairDistribution(double uniform_share, std::optional<double> temperature, const at::Device& device)
    : uniform_share_(uniform_share),
      temperature_(temperature),
      probabilities_(at::empty({kPairCount}, at::TensorOptions(device).dtype(at::kDouble))),
      log_probabilities_(at::empty_like(probabilities_)) {}

// In place, so that a recorded step finds them where they were.
void PairDistribution::follow(const at::Tensor& logits) {
  if (logits.is_cpu())
    at::cpu::_softmax_out(probabilities_, logits, 0, /*half_to_float=*/false);
  else
    at::_softmax_out(probabilities_, logits, 0, /*half_to_float=*/false);
  if (uniform_share_ > 0) probabilities_.mul_(1 - uniform_share_).add_(uniform_share_ / kPairCount);
  if (!probabilities_.is_cpu()) return;
  if (temperature_)
    at::cpu::log_out(log_probabilities_, probabilities_);
  else
    cumulate(probabilities_, cumulated_);
}

at::Tensor PairDistribution::noisy_weights(const at::Generator& generator) const {
  if (probabilities_.is_cpu()) return noisy_weights_on_host(generator);
  const at::Tensor uniform = at::rand({kPairCount}, generator, probabilities_.options()).clamp_min(kLeast);
  const at::Tensor noise = -(-uniform.log()).clamp_min(kLeast).log();
  return at::softmax((probabilities_.log() + noise) / *temperature_, 0);
}

// What the tensors of noisy_weights() would be on the CPU, bit for bit, in loops where a tensor is not faster.
at::Tensor PairDistribution::noisy_weights_on_host(const at::Generator& generator) const {
  at::Tensor noise = at::detail::empty_cpu({kPairCount}, at::kDouble);
  auto* values = noise.mutable_data_ptr<double>();
  const std::vector<double> uniform = uniform_numbers(generator, kPairCount);
  for (size_t i = 0; i < kPairCount; ++i) values[i] = std::max(uniform[i], kLeast);
  at::cpu::log_(noise);
  for (size_t i = 0; i < kPairCount; ++i) values[i] = std::max(-values[i], kLeast);
  at::cpu::log_(noise);
  const auto* logarithm = log_probabilities_.const_data_ptr<double>();
  for (size_t i = 0; i < kPairCount; ++i) values[i] = (logarithm[i] - values[i]) / *temperature_;
  return at::cpu::_softmax(noise, 0, /*half_to_float=*/false);
}

at::Tensor PairDistribution::draw(int64_t count, const at::Generator& generator) {
  const at::Tensor weights = temperature_ ? noisy_weights(generator) : probabilities_;
  if (!weights.is_cpu()) return at::multinomial(weights, count, /*replacement=*/true, generator);
  if (temperature_) cumulate(weights, cumulated_);
  return multinomial_on_host(cumulated_, count, generator);
}

}  // namespace dha::pairs
