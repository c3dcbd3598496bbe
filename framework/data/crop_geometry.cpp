// Compiled without contraction of products and sums, so that no machine rounds a side differently.
#include "data/crop_geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/counter_random.hpp"
#include "dha/error.hpp"

namespace dha {

namespace {

constexpr int kTries = 10;

// Natural logarithm of a positive number and its inverse, from sums and products alone: those of C libraries differ in
// the last bit between versions and processors.
double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // in [0.5, 1)
  if (mantissa < std::numbers::sqrt2 / 2) {
    mantissa *= 2;
    --exponent;
  }
  const double z = (mantissa - 1) / (mantissa + 1);  // log(mantissa) = 2 (z + z^3/3 + z^5/5 + …), |z| < 0.172
  double sum = 0;
  for (int n = 25; n >= 1; n -= 2) sum = sum * z * z + 1.0 / n;
  return 2 * z * sum + exponent * std::numbers::ln2;
}

double portable_exp(double x) {
  const double exponent = std::floor(x / std::numbers::ln2 + 0.5);
  const double rest = x - exponent * std::numbers::ln2;  // |rest| < 0.35
  double sum = 1;
  for (int n = 18; n >= 1; --n) sum = 1 + sum * rest / n;
  return std::ldexp(sum, static_cast<int>(exponent));
}

// Half to even, as Python's round().
int64_t rounded(double x) { return static_cast<int64_t>(std::nearbyint(x)); }

void check_range(const char* what, double minimum, double maximum, double lower, double upper) {
  if (!(minimum > lower && minimum <= maximum && maximum <= upper))
    throw Error(ErrorCode::kContractViolation,
                fmt::format("the crop policy has {} from {} to {}, expected a range within ({}, {}]", what, minimum,
                            maximum, lower, upper));
}

void check_stored(ImageSize stored) {
  if (stored.height < 1 || stored.width < 1)
    throw Error(ErrorCode::kContractViolation,
                fmt::format("a stored image has {} x {} pixels, expected at least 1 x 1", stored.height, stored.width));
}

void place_in_centre(ImageRequest& request, ImageSize stored, int64_t height, int64_t width) {
  request.crop_height = std::clamp<int64_t>(height, 1, stored.height);
  request.crop_width = std::clamp<int64_t>(width, 1, stored.width);
  request.crop_top = (stored.height - request.crop_height) / 2;
  request.crop_left = (stored.width - request.crop_width) / 2;
}

}  // namespace

ImageRequest largest_centre_crop(ImageSize stored, int64_t height, int64_t width) {
  check_stored(stored);
  const double scale = std::min(static_cast<double>(stored.height) / static_cast<double>(height),
                                static_cast<double>(stored.width) / static_cast<double>(width));
  ImageRequest request;
  request.height = height;
  request.width = width;
  place_in_centre(request, stored, rounded(scale * static_cast<double>(height)),
                  rounded(scale * static_cast<double>(width)));
  return request;
}

CropGeometry::CropGeometry(const CropPolicy& policy, int64_t height, int64_t width)
    : policy_(policy), height_(height), width_(width) {
  check_range("areas", policy.area_minimum, policy.area_maximum, 0, 1);
  check_range("aspects", policy.aspect_minimum, policy.aspect_maximum, 0, 1e6);
  check_range("an evaluation fraction", policy.evaluation_fraction, policy.evaluation_fraction, 0, 1);
  if (!(policy.flip_probability >= 0 && policy.flip_probability <= 1))
    throw Error(
        ErrorCode::kContractViolation,
        fmt::format("the crop policy has a flip probability of {}, expected one in [0, 1]", policy.flip_probability));
  if (height < 1 || width < 1)
    throw Error(ErrorCode::kContractViolation,
                fmt::format("images of {} x {} pixels were requested, expected at least 1 x 1", height, width));
}

ImageRequest CropGeometry::training(ImageSize stored, uint64_t seed, int64_t epoch, int64_t index) const {
  if (!policy_.random_resized) return evaluation(stored);
  check_stored(stored);
  CounterRandom random(seed, RandomPurpose::kCrop, epoch, index);
  ImageRequest request;
  request.height = height_;
  request.width = width_;
  request.flip = random.uniform() < policy_.flip_probability;

  const double height = static_cast<double>(stored.height), width = static_cast<double>(stored.width);
  const double log_minimum = portable_log(policy_.aspect_minimum), log_maximum = portable_log(policy_.aspect_maximum);
  for (int i = 0; i < kTries; ++i) {
    const double fraction = policy_.area_minimum + (policy_.area_maximum - policy_.area_minimum) * random.uniform();
    const double aspect = portable_exp(log_minimum + (log_maximum - log_minimum) * random.uniform());
    const double area = height * width * fraction;
    const double crop_width = std::nearbyint(std::sqrt(area * aspect));
    const double crop_height = std::nearbyint(std::sqrt(area / aspect));
    if (!(crop_width >= 1 && crop_width <= width && crop_height >= 1 && crop_height <= height)) continue;
    request.crop_width = static_cast<int64_t>(crop_width);
    request.crop_height = static_cast<int64_t>(crop_height);
    request.crop_top = static_cast<int64_t>(random.below(stored.height - request.crop_height + 1));
    request.crop_left = static_cast<int64_t>(random.below(stored.width - request.crop_width + 1));
    return request;
  }
  const double aspect = width / height;
  if (aspect < policy_.aspect_minimum)
    place_in_centre(request, stored, rounded(width / policy_.aspect_minimum), stored.width);
  else if (aspect > policy_.aspect_maximum)
    place_in_centre(request, stored, stored.height, rounded(height * policy_.aspect_maximum));
  else
    place_in_centre(request, stored, stored.height, stored.width);
  return request;
}

ImageRequest CropGeometry::evaluation(ImageSize stored) const {
  check_stored(stored);
  ImageRequest request;
  request.height = height_;
  request.width = width_;
  const int64_t side =
      rounded(policy_.evaluation_fraction * static_cast<double>(std::min(stored.height, stored.width)));
  place_in_centre(request, stored, side, side);
  return request;
}

}  // namespace dha
