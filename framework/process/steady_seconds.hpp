// The time of a clock that only goes forward, for durations.
#pragma once

#include <chrono>

namespace dha {

// Seconds since an arbitrary moment. [any thread]
inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace dha
