// The density of settings that some trials have: a mixture of one kernel per trial and a broad prior.
//
// A kernel is a product over dimensions: a normal law, truncated to the range and on its logarithm where the dimension
// is logarithmic; for integers, that law's mass between k - 1/2 and k + 1/2; for values, the trial's own with the
// prior's share for every value. Widths, weights and prior are those of Optuna 5.0 (adaptive Parzen estimator:
// Bergstra, Bardenet, Bengio and Kégl: Algorithms for Hyper-Parameter Optimization, 2011, section 4.2).
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <vector>

#include "dha/nas/tunable_settings.hpp"

namespace dha {

class ParzenEstimator {
 public:
  using Point = std::vector<double>;  // one number per dimension

  // `observed`: the trials' points, the oldest first. From the 26th on, the oldest weigh less. Every dimension is
  // variable.
  ParzenEstimator(std::vector<nas::Dimension> dimensions, const std::vector<Point>& observed);

  // `generator` is on the CPU.
  std::vector<Point> sample(int64_t count, const at::Generator& generator) const;

  // Of a number on a logarithmic scale that is no integer: the density of its logarithm.
  std::vector<double> log_densities(const std::vector<Point>& points) const;

 private:
  // Of all kernels in one dimension; the prior is the last.
  struct Kernels {
    double low = 0, high = 0;           // where a number's law is cut off, on the dimension's scale
    std::vector<double> mean, width;    // of a number
    std::vector<double> log_mass;       // of the normal law between low and high
    std::vector<int64_t> value;         // of values; -1: the prior
    double log_own = 0, log_other = 0;  // probability of a kernel's own value, and of each other
  };

  Kernels number_kernels(const nas::Dimension& dimension, const std::vector<double>& observed) const;
  Kernels value_kernels(const nas::Dimension& dimension, const std::vector<double>& observed) const;
  double log_kernel(size_t dimension, size_t kernel, double number) const;
  size_t kernel_at(double share) const;
  double quantile(size_t dimension, size_t kernel, double share) const;
  double number_at(size_t dimension, size_t kernel, double standard_normal) const;
  double value_at(size_t dimension, size_t kernel, double share) const;

  std::vector<nas::Dimension> dimensions_;
  std::vector<double> weights_;   // of the kernels; their sum is 1
  std::vector<Kernels> kernels_;  // by dimension
};

}  // namespace dha
