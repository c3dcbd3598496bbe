#include "tensor_geometry.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/fmod.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <array>
#include <numbers>

#include "tensor_operations.hpp"

namespace dha::images {

namespace {

// double (N, 1, 1) each: output pixel (x, y) is read from (a x + b y + c, d x + e y + f), x and y at pixel centres.
struct AffineMaps {
  at::Tensor a, b, c, d, e, f;
};

at::Tensor rounded_to_15_digits(const at::Tensor& value) { return (value * 1e15).round() / 1e15; }

AffineMaps affine_maps(const OneCall& calls, double height, double width) {
  const at::Tensor value = calls.value.view({-1, 1, 1});
  const at::Tensor zero = at::zeros_like(value), one = at::ones_like(value);
  const auto where_drawn = [&](Operation operation, const at::Tensor& chosen, const at::Tensor& otherwise) {
    return at::where(calls.operation.eq(static_cast<int64_t>(operation)).view({-1, 1, 1}), chosen, otherwise);
  };
  // As rotation_map() of pixel_math.hpp.
  const at::Tensor wrapped = at::fmod(value, 360.0);
  const at::Tensor radians = -(at::where(wrapped.lt(0), wrapped + 360.0, wrapped) * (std::numbers::pi / 180.0));
  const at::Tensor cosine = rounded_to_15_digits(radians.cos()), sine = rounded_to_15_digits(radians.sin());
  const at::Tensor minus_sine = rounded_to_15_digits(-radians.sin());
  const double centre_x = width / 2, centre_y = height / 2;

  AffineMaps maps;
  maps.a = maps.e = where_drawn(Operation::kRotate, cosine, one);
  maps.b = where_drawn(Operation::kRotate, sine, where_drawn(Operation::kShearX, value, zero));
  maps.d = where_drawn(Operation::kRotate, minus_sine, where_drawn(Operation::kShearY, value, zero));
  maps.c = where_drawn(
      Operation::kRotate, cosine * -centre_x + sine * -centre_y + centre_x,
      where_drawn(Operation::kTranslateXRel, value * width, where_drawn(Operation::kTranslateX, value, zero)));
  maps.f = where_drawn(
      Operation::kRotate, minus_sine * -centre_x + cosine * -centre_y + centre_y,
      where_drawn(Operation::kTranslateYRel, value * height, where_drawn(Operation::kTranslateY, value, zero)));
  return maps;
}

// Where the pixels of one axis come from: (N, height, width) each.
struct Sources {
  at::Tensor index;      // int64, of the neighbour before the position
  at::Tensor fraction;   // double, distance from it
  at::Tensor is_inside;  // bool
};

Sources sources(const at::Tensor& position, int64_t size) {
  const at::Tensor before = position - 0.5;
  const at::Tensor index = before.floor();
  return {index.to(at::kLong), before - index, position.ge(0) & position.lt(static_cast<double>(size))};
}

at::Tensor linear_mix(const at::Tensor& a, const at::Tensor& b, const at::Tensor& fraction) {
  return a + (b - a) * fraction;
}

// The bicubic() of pixel_math.hpp.
at::Tensor cubic_mix(const std::array<at::Tensor, 4>& values, const at::Tensor& fraction) {
  const auto& [before, a, b, after] = values;
  const at::Tensor linear = b - before;
  const at::Tensor square = 2 * (before - a) + b - after;
  const at::Tensor cube = a - before - b + after;
  return a + fraction * (linear + fraction * (square + fraction * cube));
}

}  // namespace

at::Tensor resampled(const at::Tensor& images, const OneCall& calls, const at::Tensor& fill) {
  const int64_t channels = images.size(1), height = images.size(2), width = images.size(3);
  const AffineMaps maps = affine_maps(calls, static_cast<double>(height), static_cast<double>(width));
  const at::TensorOptions real = images.options().dtype(at::kDouble);
  const at::Tensor x = at::arange(width, real).view({1, 1, -1}) + 0.5;
  const at::Tensor y = at::arange(height, real).view({1, -1, 1}) + 0.5;
  const Sources across = sources(maps.a * x + maps.b * y + maps.c, width);
  const Sources down = sources(maps.d * x + maps.e * y + maps.f, height);

  const at::Tensor planes = images.flatten(2);
  const auto flat = [](const at::Tensor& of_pixels) { return of_pixels.flatten(1).unsqueeze(1); };  // (N, 1, plane)
  const auto neighbour = [&](int64_t row, int64_t column) {
    const at::Tensor place =
        (down.index + row).clamp(0, height - 1) * width + (across.index + column).clamp(0, width - 1);
    return planes.gather(2, flat(place).expand({-1, channels, -1})).to(at::kDouble);
  };
  const at::Tensor fraction_x = flat(across.fraction), fraction_y = flat(down.fraction);
  std::array<at::Tensor, 4> cubic_rows, linear_rows;
  for (int64_t row = -1; row <= 2; ++row) {
    const std::array<at::Tensor, 4> values{neighbour(row, -1), neighbour(row, 0), neighbour(row, 1), neighbour(row, 2)};
    cubic_rows[static_cast<size_t>(row + 1)] = cubic_mix(values, fraction_x);
    if (row == 0 || row == 1) linear_rows[static_cast<size_t>(row)] = linear_mix(values[1], values[2], fraction_x);
  }
  const at::Tensor value = at::where(calls.is_cubic.view({-1, 1, 1}), cubic_mix(cubic_rows, fraction_y).clamp(0, 255),
                                     linear_mix(linear_rows[0], linear_rows[1], fraction_y));
  return at::where(flat(across.is_inside & down.is_inside), value.to(at::kByte), fill);
}

}  // namespace dha::images
