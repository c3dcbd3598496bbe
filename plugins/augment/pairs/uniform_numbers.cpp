#include "uniform_numbers.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/DistributionsHelper.h>

#include <mutex>

namespace dha::pairs {

std::vector<double> uniform_numbers(const at::Generator& generator, int64_t count) {
  auto* const source = at::check_generator<at::CPUGeneratorImpl>(generator);
  const std::lock_guard lock(source->mutex_);
  at::uniform_real_distribution<double> distribution(0, 1);
  std::vector<double> numbers(static_cast<size_t>(count));
  for (double& number : numbers) number = distribution(source);
  return numbers;
}

}  // namespace dha::pairs
