// Means, standard deviations and t tests of small samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dha::compare {

// Of a sample.
struct Spread {
  int64_t count = 0;
  double mean = 0;                  // 0 where count is 0
  std::optional<double> deviation;  // sample standard deviation, divided by count - 1; empty below two values
};

Spread spread_of(const std::vector<double>& values);

// The result of a two-sided t test.
struct TTest {
  double difference = 0;     // of the means
  double low = 0, high = 0;  // 95 % confidence interval of the difference
  double p = 1;
  double degrees_of_freedom = 0;
};

// A result, or why there is none.
struct TestOutcome {
  int64_t pairs = 0;  // of a paired test
  std::optional<TTest> result;
  std::string missing;  // "needs two runs in each group"; empty with a result
};

// Welch's test of mean(values) - mean(baseline), for samples with unequal variances; degrees of freedom by Welch and
// Satterthwaite: B. L. Welch, The generalization of "Student's" problem when several different population variances
// are involved, Biometrika 34, 1947. There is no result with fewer than two values on either side, or if no value of
// either side differs from the others of its side.
TestOutcome welch_test(const std::vector<double>& values, const std::vector<double>& baseline);

// Student's test of the mean of values[i] - baseline[i]; both have the same length. There is no result for fewer than
// two pairs, or if all differences are equal.
TestOutcome paired_test(const std::vector<double>& values, const std::vector<double>& baseline);

}  // namespace dha::compare
