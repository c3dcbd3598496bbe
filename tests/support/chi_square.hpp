// Pearson's chi-square test, for what is drawn at random.
#pragma once

#include <boost/math/distributions/chi_squared.hpp>
#include <vector>

namespace dha::test {

// Of counts against what is expected of each, at least five to be worth testing.
inline double chi_square(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    sum += (counts[i] - expected.at(i)) * (counts[i] - expected.at(i)) / expected.at(i);
  return sum;
}

// The same where all cells are equally likely.
inline double chi_square(const std::vector<double>& counts) {
  double total = 0;
  for (const double count : counts) total += count;
  return chi_square(counts, std::vector<double>(counts.size(), total / static_cast<double>(counts.size())));
}

// What the statistic of `cells` cells stays below with probability 0.999 if the expectation is the law.
inline double chi_square_limit(size_t cells) {
  return boost::math::quantile(boost::math::chi_squared(static_cast<double>(cells - 1)), 0.999);
}

}  // namespace dha::test
