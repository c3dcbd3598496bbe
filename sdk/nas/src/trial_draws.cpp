#include "dha/nas/trial_draws.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>

#include <limits>

namespace dha::nas {

namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers give unrelated seeds.
uint64_t mixed(uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

}  // namespace

double draw_share(const at::Generator& generator) {
  return at::rand({1}, generator, at::TensorOptions(at::kDouble)).item<double>();
}

int64_t draw_below(int64_t bound, const at::Generator& generator) {
  return at::randint(bound, {1}, generator, at::TensorOptions(at::kLong)).item<int64_t>();
}

TrialDraws::TrialDraws(const at::Generator& source)
    : seed_(static_cast<uint64_t>(draw_below(std::numeric_limits<int64_t>::max(), source))) {}

at::Generator TrialDraws::of(int64_t id) const {
  return at::detail::createCPUGenerator(mixed(seed_ + static_cast<uint64_t>(id)));
}

}  // namespace dha::nas
