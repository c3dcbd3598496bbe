#include "binned_operations.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>

#include <cmath>
#include <numbers>

namespace dha::uniform {

using images::Operation;

namespace {

std::vector<double> on_host(const at::Tensor& tensor) {
  const at::Tensor numbers = tensor.to(at::kDouble).contiguous();
  const double* first = numbers.const_data_ptr<double>();
  return {first, first + numbers.numel()};
}

std::vector<double> between(double first, double last, int64_t bins) {
  return on_host(at::linspace(first, last, bins, at::TensorOptions(at::kFloat)));
}

// From 8 bits down by `bits`.
std::vector<double> kept_bits(int64_t bins, int64_t bits) {
  const double per_bit = static_cast<double>(bins - 1) / static_cast<double>(bits);
  return on_host(at::arange(bins, at::kLong).div(per_bit).round().neg().add(8));
}

struct Ranges {
  double shear, translate_x, translate_y, degrees, factor;
  int64_t bits;
};

std::vector<BinnedOperation> operations_within(const Ranges& ranges, int64_t bins) {
  const std::vector<double> shear = between(0, ranges.shear, bins), factor = between(0, ranges.factor, bins);
  return {{Operation::kIdentity, {}, false},
          {Operation::kShearX, shear, true},
          {Operation::kShearY, shear, true},
          {Operation::kTranslateX, between(0, ranges.translate_x, bins), true},
          {Operation::kTranslateY, between(0, ranges.translate_y, bins), true},
          {Operation::kRotate, between(0, ranges.degrees, bins), true},
          {Operation::kBrightness, factor, true},
          {Operation::kColor, factor, true},
          {Operation::kContrast, factor, true},
          {Operation::kSharpness, factor, true},
          {Operation::kPosterize, kept_bits(bins, ranges.bits), false},
          {Operation::kSolarize, between(255, 0, bins), false},
          {Operation::kAutoContrast, {}, false},
          {Operation::kEqualize, {}, false}};
}

// torchvision turns slopes into degrees and back, which moves their last bit.
double shear_angle(double slope) {
  constexpr double kPi = std::numbers::pi;
  return std::atan(slope) * (180.0 / kPi) * (kPi / 180.0);
}

}  // namespace

std::vector<BinnedOperation> wide_operations(int64_t bins) {
  return operations_within({0.99, 32, 32, 135, 0.99, 6}, bins);
}

std::vector<BinnedOperation> rand_augment_operations(int64_t bins, int64_t height, int64_t width) {
  constexpr double kShare = 150.0 / 331.0;
  return operations_within({0.3, kShare * static_cast<double>(width), kShare * static_cast<double>(height), 30, 0.9, 4},
                           bins);
}

double value_at(Operation operation, double magnitude) {
  switch (operation) {
    case Operation::kShearX:
      return std::tan(shear_angle(magnitude));
    case Operation::kShearY:
      return std::sin(shear_angle(magnitude)) / std::cos(shear_angle(magnitude));
    case Operation::kTranslateX:
    case Operation::kTranslateY:
      return -std::trunc(magnitude);  // the image moves by it, the pixels are read from the other side
    case Operation::kBrightness:
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kSharpness:
      return 1 + magnitude;
    case Operation::kSolarize:
      return std::ceil(magnitude);
    case Operation::kAutoContrast:
    case Operation::kEqualize:
      return 1;
    default:
      return magnitude;
  }
}

}  // namespace dha::uniform
