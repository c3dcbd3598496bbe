// The statistics of a report: an interval for an accuracy, calibration, and how far a policy is from uniform.
#pragma once

#include <cstdint>
#include <vector>

namespace dha::page {

struct Interval {
  double low = 0, high = 0;
};

// The 95 % interval of Wilson (1927, "Probable inference, the law of succession, and statistical inference") for a
// share, without continuity correction. [0, 1] for no trials.
Interval wilson_interval(int64_t successes, int64_t trials);

// Predictions whose probability lies in (lower, upper].
struct CalibrationBin {
  double lower = 0, upper = 0;
  int64_t images = 0;
  double probability = 0, accuracy = 0;  // means; 0 without images
};

struct Calibration {
  std::vector<CalibrationBin> bins;
  double error = 0;  // expected calibration error, in [0, 1]
};

// A prediction's probability, in [0, 1], and whether it is right.
struct Confidence {
  double probability = 0;
  bool is_right = false;
};

// In `bins` intervals of equal width; the error is that of Guo et al. (2017, "On calibration of modern neural
// networks", equation 3): the mean of |accuracy - probability| over the bins, weighted by images.
Calibration calibration_of(const std::vector<Confidence>& predictions, int64_t bins = 15);

// Kullback-Leibler divergence of a distribution from the uniform one, in nat: the logarithm of the number of outcomes
// minus the entropy. `probabilities` need not be normalised; 0 for none.
double divergence_from_uniform(const std::vector<double>& probabilities);

// A policy that is nearer to uniform, in nat, has learned nothing.
inline constexpr double kSmallestDivergence = 0.01;

}  // namespace dha::page
