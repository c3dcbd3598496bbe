#include "uniform_numbers.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/DistributionsHelper.h>

#include <mutex>

namespace dha::pairs {

namespace {

// CPUGeneratorImpl::random64() inlined: a call into LibTorch for each number takes longer than the number.
class Engine {
 public:
  explicit Engine(at::CPUGeneratorImpl& source) : source_(source), engine_(source.engine()) {}
  ~Engine() { source_.set_engine(engine_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  uint64_t random64() {
    const uint64_t high = engine_();
    return high << 32 | engine_();
  }

 private:
  at::CPUGeneratorImpl& source_;
  at::mt19937 engine_;
};

}  // namespace

std::vector<double> uniform_numbers(const at::Generator& generator, int64_t count) {
  auto* const source = at::check_generator<at::CPUGeneratorImpl>(generator);
  const std::lock_guard lock(source->mutex_);
  Engine engine(*source);
  at::uniform_real_distribution<double> distribution(0, 1);
  std::vector<double> numbers(static_cast<size_t>(count));
  for (double& number : numbers) number = distribution(&engine);
  return numbers;
}

}  // namespace dha::pairs
