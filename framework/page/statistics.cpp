#include "page/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace dha::page {

Interval wilson_interval(int64_t successes, int64_t trials) {
  if (trials <= 0) return {0, 1};
  constexpr double kQuantile = 1.959963984540054;  // of the standard normal distribution, 97.5 %
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n, square = kQuantile * kQuantile;
  const double centre = share + square / (2 * n);
  const double half = kQuantile * std::sqrt(share * (1 - share) / n + square / (4 * n * n));
  const double scale = 1 + square / n;
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

Calibration calibration_of(const std::vector<Confidence>& predictions, int64_t bins) {
  Calibration calibration;
  for (int64_t bin = 0; bin < bins; ++bin)
    calibration.bins.push_back({static_cast<double>(bin) / static_cast<double>(bins),
                                static_cast<double>(bin + 1) / static_cast<double>(bins), 0, 0, 0});
  int64_t images = 0;
  for (const Confidence& one : predictions) {
    if (!(one.probability >= 0 && one.probability <= 1)) continue;
    const auto above = static_cast<int64_t>(std::ceil(one.probability * static_cast<double>(bins)));
    CalibrationBin& bin = calibration.bins[static_cast<size_t>(std::clamp<int64_t>(above - 1, 0, bins - 1))];
    ++bin.images;
    bin.probability += one.probability;
    bin.accuracy += one.is_right;
    ++images;
  }
  for (CalibrationBin& bin : calibration.bins) {
    if (bin.images == 0) continue;
    calibration.error += std::fabs(bin.accuracy - bin.probability) / static_cast<double>(images);
    bin.probability /= static_cast<double>(bin.images);
    bin.accuracy /= static_cast<double>(bin.images);
  }
  return calibration;
}

double divergence_from_uniform(const std::vector<double>& probabilities) {
  double sum = 0, entropy = 0;
  for (const double probability : probabilities) sum += probability;
  if (!(sum > 0)) return 0;
  for (const double probability : probabilities)
    if (probability > 0) entropy -= probability / sum * std::log(probability / sum);
  return std::max(0.0, std::log(static_cast<double>(probabilities.size())) - entropy);
}

}  // namespace dha::page
