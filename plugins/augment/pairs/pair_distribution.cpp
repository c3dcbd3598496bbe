#include "pair_distribution.hpp"

#include <ATen/EmptyTensor.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_cpu_dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_cpu_dispatch.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/pow_cpu_dispatch.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "uniform_numbers.hpp"

namespace dha::pairs {

namespace {

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
      probabilities_(at::empty({kPairCount}, at::TensorOptions(device).dtype(at::kDouble))) {}

// In place, so that a recorded step finds them where they were.
void PairDistribution::follow(const at::Tensor& logits) {
  if (logits.is_cpu())
    at::cpu::_softmax_out(probabilities_, logits, 0, /*half_to_float=*/false);
  else
    at::_softmax_out(probabilities_, logits, 0, /*half_to_float=*/false);
  if (uniform_share_ > 0) probabilities_.mul_(1 - uniform_share_).add_(uniform_share_ / kPairCount);
  if (probabilities_.is_cpu() && !temperature_) cumulate(probabilities_, cumulated_);
}

// What pairs are drawn by, up to a factor. Gumbel noise is G = -log E with E = -log U of a uniform U, so that
// softmax((log P + G) / T) is (P / E)^(1 / T) over its sum: a logarithm and a power, with T = 2 a root.
at::Tensor PairDistribution::noisy_weights(const at::Generator& generator) const {
  if (probabilities_.is_cpu()) return noisy_weights_on_host(generator);
  const at::Tensor exponential = -at::rand({kPairCount}, generator, probabilities_.options()).log();
  const at::Tensor ratios = probabilities_ / exponential;
  return (ratios / ratios.max()).pow(1 / *temperature_);
}

// What the tensors of noisy_weights() would be on the CPU, bit for bit, in loops where a tensor is not faster.
at::Tensor PairDistribution::noisy_weights_on_host(const at::Generator& generator) const {
  at::Tensor weights = at::detail::empty_cpu({kPairCount}, at::kDouble);
  auto* const weight = weights.mutable_data_ptr<double>();
  const std::vector<double> uniform = uniform_numbers(generator, kPairCount);
  std::copy(uniform.begin(), uniform.end(), weight);
  at::cpu::log_(weights);
  const auto* const probability = probabilities_.const_data_ptr<double>();
  for (size_t i = 0; i < kPairCount; ++i) weight[i] = probability[i] / -weight[i];
  const double greatest = *std::max_element(weight, weight + kPairCount);
  for (size_t i = 0; i < kPairCount; ++i) weight[i] /= greatest;
  at::cpu::pow_(weights, 1 / *temperature_);
  return weights;
}

at::Tensor PairDistribution::draw(int64_t count, const at::Generator& generator) {
  const at::Tensor weights = temperature_ ? noisy_weights(generator) : probabilities_;
  if (!weights.is_cpu()) return at::multinomial(weights, count, /*replacement=*/true, generator);
  if (temperature_) cumulate(weights, cumulated_);
  return multinomial_on_host(cumulated_, count, generator);
}

}  // namespace dha::pairs
