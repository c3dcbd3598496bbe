#include "process/time_limit.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace dha {

namespace {

using Clock = std::chrono::steady_clock;

const Clock::time_point kProgramStart = Clock::now();

// Read by stop_requested(), which all threads call; in seconds.
std::atomic<double> allowed_s{0};  // 0: no limit
std::array<std::atomic<double>, 3> longest_s{};

double longest(TimedWork work) { return longest_s[static_cast<size_t>(work)].load(std::memory_order_relaxed); }

double kept_back(double allowed) {
  constexpr double kOtherwise = 1;
  if (longest(TimedWork::kOpening) == 0) return 0;
  return std::min(allowed / 2, longest(TimedWork::kOpening) + longest(TimedWork::kStep) +
                                   3 * longest(TimedWork::kCheckpoint) + kOtherwise);
}

}  // namespace

TimeLimit::TimeLimit(std::chrono::duration<double> allowed) {
  for (auto& duration : longest_s) duration = 0;
  allowed_s = allowed.count();
}

TimeLimit::~TimeLimit() { allowed_s = 0; }

void note_duration(TimedWork work, std::chrono::duration<double> took) noexcept {
  std::atomic<double>& known = longest_s[static_cast<size_t>(work)];
  double before = known.load(std::memory_order_relaxed);
  while (before < took.count() && !known.compare_exchange_weak(before, took.count(), std::memory_order_relaxed))
    continue;
}

std::optional<double> seconds_until_time_is_over() noexcept {
  const double allowed = allowed_s.load(std::memory_order_relaxed);
  if (allowed <= 0) return std::nullopt;
  const std::chrono::duration<double> passed = Clock::now() - kProgramStart;
  return std::max(0.0, allowed - kept_back(allowed) - passed.count());
}

bool time_is_over() noexcept { return seconds_until_time_is_over() == 0.0; }

}  // namespace dha
