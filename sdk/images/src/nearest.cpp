#include "dha/images/nearest.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "dha/images/image_batch.hpp"
#include "pixel_math.hpp"

namespace dha::images {

namespace {

int64_t fixed(double value) { return static_cast<int64_t>(std::floor(value * 65536.0 + 0.5)); }

bool moves_pixels(Operation operation) {
  switch (operation) {
    case Operation::kRotate:
    case Operation::kShearX:
    case Operation::kShearY:
    case Operation::kTranslateX:
    case Operation::kTranslateY:
    case Operation::kTranslateXRel:
    case Operation::kTranslateYRel:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Pillow adds the half pixels of the position before it rounds.
FixedMap fixed_map(Operation operation, double value, int64_t height, int64_t width) {
  AffineMap map{1, 0, 0, 0, 1, 0};
  if (moves_pixels(operation)) map = affine_map(operation, value, static_cast<int>(width), static_cast<int>(height));
  return {fixed(map.a), fixed(map.b), fixed(map.c + map.a * 0.5 + map.b * 0.5),
          fixed(map.d), fixed(map.e), fixed(map.f + map.d * 0.5 + map.e * 0.5)};
}

at::Tensor resample_nearest(const at::Tensor& images, const at::Tensor& maps, const at::Tensor& fill) {
  check_images(images);
  const int64_t count = images.size(0), channels = images.size(1), height = images.size(2), width = images.size(3);
  const at::Tensor x = at::arange(width, maps.options()), y = at::arange(height, maps.options()).unsqueeze(1);
  const auto position = [&](int64_t first) {  // (N, height, width)
    const auto number = [&](int64_t offset) { return maps.select(1, first + offset).view({count, 1, 1}); };
    return (number(0) * x + number(1) * y + number(2)).bitwise_right_shift(16);
  };
  const at::Tensor column = position(0), row = position(3);
  const at::Tensor is_inside = column.ge(0) & column.lt(width) & row.ge(0) & row.lt(height);
  const at::Tensor place = row.clamp(0, height - 1) * width + column.clamp(0, width - 1);
  const at::Tensor moved =
      images.flatten(2).gather(2, place.view({count, 1, -1}).expand({-1, channels, -1})).view_as(images);
  return at::where(is_inside.unsqueeze(1), moved, fill.view({1, channels, 1, 1}));
}

}  // namespace dha::images
