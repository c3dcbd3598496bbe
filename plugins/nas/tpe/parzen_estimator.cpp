#include "parzen_estimator.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/special_ndtri.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace dha {

namespace {

constexpr double kPriorWeight = 1;
constexpr size_t kFullWeight = 25;  // latest trials that weigh the same

// Of the trials, the oldest first, and the prior: 1 for the latest, less for older ones, down to 1 / count.
std::vector<double> normalised_weights(size_t count) {
  std::vector<double> weights(count, 1);
  const size_t reduced = count > kFullWeight ? count - kFullWeight : 0;
  const double least = 1 / static_cast<double>(count);
  for (size_t i = 0; i < reduced; ++i) {
    const double share = reduced > 1 ? static_cast<double>(i) / static_cast<double>(reduced - 1) : 0;
    weights[i] = least + share * (1 - least);
  }
  weights.push_back(kPriorWeight);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

// Of the standard normal law between a and b, a <= b. Both are mirrored into the tail where the digits are.
double normal_mass(double a, double b) {
  if (a > 0) {
    std::swap(a, b);
    a = -a;
    b = -b;
  }
  return 0.5 * (std::erfc(-b / std::sqrt(2.0)) - std::erfc(-a / std::sqrt(2.0)));
}

double scaled(const nas::Dimension& dimension, double number) {
  return dimension.is_logarithmic ? std::log(number) : number;
}

// The greater of the distances to the neighbours of each number; the outermost ones, where there are two or more, have
// their only neighbour's.
std::vector<double> neighbour_distances(const std::vector<double>& numbers, double low, double high) {
  std::vector<size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return numbers[a] < numbers[b]; });
  std::vector<double> distances(numbers.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool is_first = i == 0, is_last = i + 1 == order.size();
    const double number = numbers[order[i]];
    const double below = number - (is_first ? low : numbers[order[i - 1]]);
    const double above = (is_last ? high : numbers[order[i + 1]]) - number;
    const bool is_end = order.size() > 1 && (is_first || is_last);
    distances[order[i]] = is_end ? (is_first ? above : below) : std::max(below, above);
  }
  return distances;
}

double log_of_sum(const std::vector<double>& logs) {
  const double greatest = *std::max_element(logs.begin(), logs.end());
  if (std::isinf(greatest)) return greatest;
  double sum = 0;
  for (const double one : logs) sum += std::exp(one - greatest);
  return greatest + std::log(sum);
}

}  // namespace

ParzenEstimator::ParzenEstimator(std::vector<nas::Dimension> dimensions, const std::vector<Point>& observed)
    : dimensions_(std::move(dimensions)), weights_(normalised_weights(observed.size())) {
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    std::vector<double> numbers;
    for (const Point& point : observed) numbers.push_back(point[i]);
    kernels_.push_back(dimensions_[i].values > 0 ? value_kernels(dimensions_[i], numbers)
                                                 : number_kernels(dimensions_[i], numbers));
  }
}

ParzenEstimator::Kernels ParzenEstimator::number_kernels(const nas::Dimension& dimension,
                                                         const std::vector<double>& observed) const {
  const double half_step = dimension.is_integer ? 0.5 : 0;
  Kernels kernels;
  kernels.low = scaled(dimension, dimension.minimum - half_step);
  kernels.high = scaled(dimension, dimension.maximum + half_step);
  for (const double number : observed) kernels.mean.push_back(scaled(dimension, number));
  kernels.width = neighbour_distances(kernels.mean, kernels.low, kernels.high);
  const double range = kernels.high - kernels.low;
  const double narrowest = range / std::min(100.0, static_cast<double>(observed.size()) + 2);
  for (double& width : kernels.width) width = std::clamp(width, narrowest, range);
  kernels.mean.push_back((kernels.low + kernels.high) / 2);
  kernels.width.push_back(range);
  for (size_t i = 0; i < kernels.mean.size(); ++i)
    kernels.log_mass.push_back(std::log(normal_mass((kernels.low - kernels.mean[i]) / kernels.width[i],
                                                    (kernels.high - kernels.mean[i]) / kernels.width[i])));
  return kernels;
}

ParzenEstimator::Kernels ParzenEstimator::value_kernels(const nas::Dimension& dimension,
                                                        const std::vector<double>& observed) const {
  Kernels kernels;
  for (const double position : observed) kernels.value.push_back(static_cast<int64_t>(position));
  kernels.value.push_back(-1);
  const double of_prior = kPriorWeight / static_cast<double>(kernels.value.size());
  const double sum = 1 + of_prior * static_cast<double>(dimension.values);
  kernels.log_own = std::log((1 + of_prior) / sum);
  kernels.log_other = std::log(of_prior / sum);
  return kernels;
}

double ParzenEstimator::log_kernel(size_t dimension, size_t kernel, double number) const {
  const nas::Dimension& law = dimensions_[dimension];
  const Kernels& kernels = kernels_[dimension];
  if (law.values > 0) {
    const int64_t own = kernels.value[kernel];
    if (own < 0) return -std::log(static_cast<double>(law.values));
    return own == static_cast<int64_t>(number) ? kernels.log_own : kernels.log_other;
  }
  const double mean = kernels.mean[kernel], width = kernels.width[kernel];
  if (law.is_integer)
    return std::log(
               normal_mass((scaled(law, number - 0.5) - mean) / width, (scaled(law, number + 0.5) - mean) / width)) -
           kernels.log_mass[kernel];
  const double z = (scaled(law, number) - mean) / width;
  return -0.5 * z * z - std::log(width * std::sqrt(2 * M_PI)) - kernels.log_mass[kernel];
}

std::vector<double> ParzenEstimator::log_densities(const std::vector<Point>& points) const {
  std::vector<double> log_weights;
  for (const double weight : weights_) log_weights.push_back(std::log(weight));
  std::vector<std::vector<double>> terms(points.size(), log_weights);  // (points, kernels)
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    std::map<double, std::vector<double>> of_number;  // by kernel; many points share an integer or a value
    for (size_t k = 0; k < points.size(); ++k) {
      std::vector<double>& logs = of_number[points[k][i]];
      if (logs.empty())
        for (size_t kernel = 0; kernel < weights_.size(); ++kernel) logs.push_back(log_kernel(i, kernel, points[k][i]));
      for (size_t kernel = 0; kernel < logs.size(); ++kernel) terms[k][kernel] += logs[kernel];
    }
  }
  std::vector<double> densities;
  for (const std::vector<double>& logs : terms) densities.push_back(log_of_sum(logs));
  return densities;
}

size_t ParzenEstimator::kernel_at(double share) const {
  size_t kernel = 0;
  for (; kernel + 1 < weights_.size() && share >= weights_[kernel]; ++kernel) share -= weights_[kernel];
  return kernel;
}

// The probability below the number that a uniform share stands for, under the untruncated law.
double ParzenEstimator::quantile(size_t dimension, size_t kernel, double share) const {
  const Kernels& kernels = kernels_[dimension];
  constexpr double kBelowAll = -std::numeric_limits<double>::infinity();
  const double below = normal_mass(kBelowAll, (kernels.low - kernels.mean[kernel]) / kernels.width[kernel]);
  return below + share * std::exp(kernels.log_mass[kernel]);
}

double ParzenEstimator::number_at(size_t dimension, size_t kernel, double standard_normal) const {
  const nas::Dimension& law = dimensions_[dimension];
  const Kernels& kernels = kernels_[dimension];
  const double drawn = kernels.mean[kernel] + kernels.width[kernel] * standard_normal;
  const double number = law.is_logarithmic ? std::exp(drawn) : drawn;
  return std::clamp(law.is_integer ? std::round(number) : number, law.minimum, law.maximum);
}

double ParzenEstimator::value_at(size_t dimension, size_t kernel, double share) const {
  const int64_t last = dimensions_[dimension].values - 1;
  int64_t value = 0;
  for (; value < last; ++value) {
    share -= std::exp(log_kernel(dimension, kernel, static_cast<double>(value)));
    if (share < 0) break;
  }
  return static_cast<double>(value);
}

std::vector<ParzenEstimator::Point> ParzenEstimator::sample(int64_t count, const at::Generator& generator) const {
  const auto columns = static_cast<int64_t>(dimensions_.size()) + 1;
  // Of a point: the share that selects its kernel, then one per dimension.
  const at::Tensor shares = at::rand({count, columns}, generator, at::TensorOptions(at::kDouble));
  const at::Tensor quantiles = shares.clone();
  const auto share = shares.accessor<double, 2>();
  auto quantile_at = quantiles.accessor<double, 2>();
  std::vector<size_t> kernels;
  for (int64_t point = 0; point < count; ++point) {
    kernels.push_back(kernel_at(share[point][0]));
    for (size_t i = 0; i < dimensions_.size(); ++i) {
      const auto column = static_cast<int64_t>(i) + 1;
      if (dimensions_[i].values == 0) quantile_at[point][column] = quantile(i, kernels.back(), share[point][column]);
    }
  }
  const at::Tensor normals = at::special_ndtri(quantiles);
  const auto normal = normals.accessor<double, 2>();
  std::vector<Point> points(static_cast<size_t>(count));
  for (int64_t point = 0; point < count; ++point) {
    const size_t kernel = kernels[static_cast<size_t>(point)];
    for (size_t i = 0; i < dimensions_.size(); ++i) {
      const auto column = static_cast<int64_t>(i) + 1;
      points[static_cast<size_t>(point)].push_back(dimensions_[i].values > 0
                                                       ? value_at(i, kernel, share[point][column])
                                                       : number_at(i, kernel, normal[point][column]));
    }
  }
  return points;
}

}  // namespace dha
