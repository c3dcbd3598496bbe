#include "compare/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace dha::compare {

namespace {

constexpr double kConfidence = 0.95;

TTest t_test(double difference, double standard_error, double degrees_of_freedom) {
  const boost::math::students_t distribution(degrees_of_freedom);
  const double t = std::abs(difference) / standard_error;
  const double reach =
      boost::math::quantile(boost::math::complement(distribution, (1 - kConfidence) / 2)) * standard_error;
  return {difference, difference - reach, difference + reach,
          2 * boost::math::cdf(boost::math::complement(distribution, t)), degrees_of_freedom};
}

// Whether rounding alone makes the deviation differ from 0.
bool is_constant(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low <= 1e-12 * std::max(std::abs(*low), std::abs(*high));
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  spread.count = static_cast<int64_t>(values.size());
  if (values.empty()) return spread;
  const auto count = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

TestOutcome welch_test(const std::vector<double>& values, const std::vector<double>& baseline) {
  if (values.size() < 2 || baseline.size() < 2) return {0, std::nullopt, "needs two runs in each group"};
  if (is_constant(values) && is_constant(baseline))
    return {0, std::nullopt, "runs of a group do not differ from each other"};
  const Spread a = spread_of(values), b = spread_of(baseline);
  // Squared standard errors of the two means.
  const double error_a = *a.deviation * *a.deviation / static_cast<double>(a.count);
  const double error_b = *b.deviation * *b.deviation / static_cast<double>(b.count);
  const double degrees =
      (error_a + error_b) * (error_a + error_b) /
      (error_a * error_a / static_cast<double>(a.count - 1) + error_b * error_b / static_cast<double>(b.count - 1));
  return {0, t_test(a.mean - b.mean, std::sqrt(error_a + error_b), degrees), ""};
}

TestOutcome paired_test(const std::vector<double>& values, const std::vector<double>& baseline) {
  TestOutcome outcome{static_cast<int64_t>(values.size()), std::nullopt, ""};
  std::vector<double> differences;
  for (size_t i = 0; i < values.size(); ++i) differences.push_back(values[i] - baseline[i]);
  if (differences.size() < 2) {
    outcome.missing = "needs two seeds that both groups have";
  } else if (is_constant(differences)) {
    outcome.missing = "all differences are equal";
  } else {
    const Spread spread = spread_of(differences);
    const auto count = static_cast<double>(spread.count);
    outcome.result = t_test(spread.mean, *spread.deviation / std::sqrt(count), count - 1);
  }
  return outcome;
}

}  // namespace dha::compare
