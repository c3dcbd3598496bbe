// The time that a run may take, as --max-minutes gives it. It ends like an interruption, through stop_requested().
//
//   const TimeLimit limit(std::chrono::minutes(30));
//   …                     // stop_requested() holds when the time is over, less what it takes to end
#pragma once

#include <chrono>
#include <optional>

namespace dha {

// Work whose duration decides how much of the time is kept back.
enum class TimedWork {
  kOpening,     // of the data set and the pipeline's components, before the training
  kStep,        // of the training
  kCheckpoint,  // its writing
};

// One object at a time.
class TimeLimit {
 public:
  // From the start of the program. Training stops when what is left is needed to end: once what kOpening took, because
  // the network that is exported is opened in the same way, once the longest kStep, three times the longest kCheckpoint
  // (one is written, read, and written as a model), and one second; but at most half of `allowed` is kept back. Before
  // kOpening is over nothing is.
  explicit TimeLimit(std::chrono::duration<double> allowed);
  ~TimeLimit();  // lifts the limit
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
};

// [any thread]
void note_duration(TimedWork work, std::chrono::duration<double> took) noexcept;

// Whether training must stop now. False without a limit. [any thread]
bool time_is_over() noexcept;

// Seconds until time_is_over() holds, at least 0; empty without a limit. [any thread]
std::optional<double> seconds_until_time_is_over() noexcept;

}  // namespace dha
