// Wall time of a piece of work, and the median of several.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace dha::bench {

double milliseconds(const auto& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

// Of at least one value.
inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

}  // namespace dha::bench
