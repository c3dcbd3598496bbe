// The arithmetic of image operations, shared by the CPU loops and the CUDA kernel: plain inline functions without
// state.
//
// All of them reproduce Pillow's results (libImaging Blend.c, Filter.c, Geometry.c, Convert.c). The order of the
// floating-point operations is part of that, so a source file that includes this header is compiled with
// -ffp-contract=off (nvcc: --fmad=false).
#pragma once

#include <cmath>
#include <cstdint>

#include "../include/dha/images/operation.hpp"  // nvcc is given no include directories

#ifdef __CUDACC__
#define DHA_PIXEL_FUNCTION __host__ __device__ __forceinline__
#else
// Inlined always, so that a caller which is compiled for several CPUs carries a copy for each.
#define DHA_PIXEL_FUNCTION inline __attribute__((always_inline))
#endif

namespace dha::images {

// Truncates to [0, 255].
DHA_PIXEL_FUNCTION int32_t clamp_to_byte(float value) {
  const float low = value < 0.0f ? 0.0f : value;
  return static_cast<int32_t>(low > 255.0f ? 255.0f : low);
}

DHA_PIXEL_FUNCTION int32_t clamp_to_byte(double value) {
  const double low = value < 0.0 ? 0.0 : value;
  return static_cast<int32_t>(low > 255.0 ? 255.0 : low);
}

// Image.blend: degenerate + factor * (value - degenerate), truncated and clipped. Factor 0 is the degenerate, 1 the
// value.
DHA_PIXEL_FUNCTION int32_t blend(int degenerate, int value, float factor) {
  return clamp_to_byte(static_cast<float>(degenerate) + factor * static_cast<float>(value - degenerate));
}

// ITU-R 601-2 luma in 16-bit fixed point.
DHA_PIXEL_FUNCTION uint8_t luma(int red, int green, int blue) {
  return static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

// The smoothing filter [1 1 1; 1 5 1; 1 1 1] / 13 of ImageFilter.SMOOTH, rounded: (2 * sum + 13) / 26 for the weighted
// sum of the nine pixels in [0, 13 * 255]. The division is a multiplication that is exact in that range; the quotient
// is never within 1/26 of the next integer, so Pillow's float arithmetic gives the same.
DHA_PIXEL_FUNCTION uint16_t smoothed(uint16_t weighted_sum) {
  const uint32_t numerator = static_cast<uint16_t>(2 * weighted_sum + 13);
  return static_cast<uint16_t>((numerator * 40330u) >> 20);
}

// ImageEnhance.Sharpness at a pixel with eight neighbours, in rows that are `width` apart.
DHA_PIXEL_FUNCTION int32_t sharpened(const uint8_t* pixel, int64_t width, float factor) {
  const uint8_t* above = pixel - width;
  const uint8_t* below = pixel + width;
  const uint16_t sum = static_cast<uint16_t>(above[-1] + above[0] + above[1] + pixel[-1] + 5 * pixel[0] + pixel[1] +
                                             below[-1] + below[0] + below[1]);
  return blend(smoothed(sum), pixel[0], factor);
}

// The rounded mean of `count` values.
DHA_PIXEL_FUNCTION int rounded_mean(int64_t sum, int64_t count) {
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(count) + 0.5);
}

// The bits that ImageOps.posterize keeps; bits in [0, 8].
DHA_PIXEL_FUNCTION uint8_t posterizing_mask(int bits) { return static_cast<uint8_t>(0xff << (8 - bits)); }

DHA_PIXEL_FUNCTION uint8_t solarize(uint8_t value, int threshold) {
  return value < threshold ? value : static_cast<uint8_t>(255 - value);
}

// A value of ImageOps.autocontrast's table: value * 255 / (high - low) - low * 255 / (high - low), as truncated
// doubles.
DHA_PIXEL_FUNCTION uint8_t stretched(int value, int low, int high) {
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  return static_cast<uint8_t>(clamp_to_byte(value * scale + offset));
}

// ImageOps.equalize's table for `pixels` values, of which each occurs as often as `counts` says; false, and no table,
// where it leaves them as they are.
DHA_PIXEL_FUNCTION bool equalizing_table(const uint32_t* counts, int64_t pixels, uint8_t* table) {
  int highest = 255;
  while (highest > 0 && counts[highest] == 0) --highest;
  const int64_t step = (pixels - counts[highest]) / 255;
  if (step == 0) return false;
  int64_t sum = step / 2, next = step;
  int quotient = 0;  // sum / step, at most 255, without a division per value
  for (int value = 0; value < 256; ++value) {
    while (quotient < 255 && sum >= next) {
      ++quotient;
      next += step;
    }
    table[value] = static_cast<uint8_t>(quotient);
    sum += counts[value];
  }
  return true;
}

// The six numbers of an affine map: (a x + b y + c, d x + e y + f) is the source position of (x, y).
struct AffineMap {
  double a, b, c, d, e, f;
};

// round(value, 15) of Python for |value| <= 1.
DHA_PIXEL_FUNCTION double rounded_to_15_digits(double value) { return nearbyint(value * 1e15) / 1e15; }

// Those of Image.rotate, which takes the angle modulo 360 before it turns it into radians.
DHA_PIXEL_FUNCTION AffineMap rotation_map(double degrees, int width, int height) {
  constexpr double kPi = 3.141592653589793;
  const double wrapped = fmod(degrees, 360.0);
  const double radians = -((wrapped < 0 ? wrapped + 360.0 : wrapped) * (kPi / 180.0));
  AffineMap map{};
  map.a = map.e = rounded_to_15_digits(cos(radians));
  map.b = rounded_to_15_digits(sin(radians));
  map.d = rounded_to_15_digits(-sin(radians));
  const double centre_x = width / 2.0, centre_y = height / 2.0;
  map.c = map.a * -centre_x + map.b * -centre_y + centre_x;
  map.f = map.d * -centre_x + map.e * -centre_y + centre_y;
  return map;
}

// Of the operations that move pixels; shears have a slope as their value, translations px or a share of the side.
DHA_PIXEL_FUNCTION AffineMap affine_map(Operation operation, double value, int width, int height) {
  AffineMap map{1, 0, 0, 0, 1, 0};
  switch (operation) {
    case Operation::kRotate:
      return rotation_map(value, width, height);
    case Operation::kShearX:
      map.b = value;
      break;
    case Operation::kShearY:
      map.d = value;
      break;
    case Operation::kTranslateX:
      map.c = value;
      break;
    case Operation::kTranslateXRel:
      map.c = value * width;
      break;
    case Operation::kTranslateY:
      map.f = value;
      break;
    default:
      map.f = value * height;
  }
  return map;
}

// What a cutout covers: columns [left, right) and rows [top, bottom), inside the image.
struct CutSquare {
  int left, top, right, bottom;
};

// centre_x, centre_y: shares of the sides, in [0, 1).
DHA_PIXEL_FUNCTION CutSquare cut_square(int side, double centre_x, double centre_y, int width, int height) {
  const int left = static_cast<int>(centre_x * width) - side / 2;
  const int top = static_cast<int>(centre_y * height) - side / 2;
  return {left > 0 ? left : 0, top > 0 ? top : 0, left + side < width ? left + side : width,
          top + side < height ? top + side : height};
}

// A coordinate of the source position of the pixel with its centre at (x, y): of a, x, b * y and c, or of d, x, e * y
// and f. The product with y is the caller's, because a loop over a row has it once.
DHA_PIXEL_FUNCTION double source_coordinate(double slope, double x, double of_row, double shift) {
  return slope * x + of_row + shift;
}

// Largest integer not above `value`; |value| < 2^31.
DHA_PIXEL_FUNCTION int floor_index(double value) {
  const int truncated = static_cast<int>(value);
  return truncated - (value < static_cast<double>(truncated) ? 1 : 0);
}

// The pixel whose centre lies left of or above a source position, and the distance from there.
struct Neighbour {
  int index = 0;
  double fraction = 0;
};

DHA_PIXEL_FUNCTION Neighbour neighbour_of(double position) {
  const double from_centre = position - 0.5;
  const int index = floor_index(from_centre);
  return {index, from_centre - index};
}

// Interpolates between neighbours a and b at `fraction` in [0, 1].
template <class Value>
DHA_PIXEL_FUNCTION double bilinear(Value a, Value b, double fraction) {
  return a + (b - a) * fraction;
}

// Pillow's cubic (a = -1) through four neighbours, between the second and the third at `fraction` in [0, 1].
// Coefficients of whole pixel values are whole numbers.
template <class Value>
DHA_PIXEL_FUNCTION double bicubic(Value before, Value a, Value b, Value after, double fraction) {
  const Value linear = -before + b;
  const Value square = 2 * (before - a) + b - after;
  const Value cube = -before + a - b + after;
  return a + fraction * (linear + fraction * (square + fraction * cube));
}

// The same as values in [0, 255].
template <class Value>
DHA_PIXEL_FUNCTION int32_t bilinear_pixel(Value a, Value b, double fraction) {
  return static_cast<int32_t>(bilinear(a, b, fraction));
}

template <class Value>
DHA_PIXEL_FUNCTION int32_t bicubic_pixel(Value before, Value a, Value b, Value after, double fraction) {
  return clamp_to_byte(bicubic(before, a, b, after, fraction));
}

}  // namespace dha::images
