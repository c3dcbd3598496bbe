#include "tensor_operations.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "tensor_geometry.hpp"

namespace dha::images {

namespace {

constexpr int64_t kValues = 256;

// Values of pixels that are worked on at a time: some twenty temporaries of this many doubles live at once.
constexpr int64_t kPixelsAtATime = int64_t{1} << 22;

// (N, 1, 1): where a sample drew `operation`.
at::Tensor drew(const OneCall& calls, Operation operation) {
  return calls.operation.eq(static_cast<int64_t>(operation)).view({-1, 1, 1});
}

// bool (N): where a sample drew an operation that resamples.
at::Tensor moves_pixels(const at::Tensor& operation) {
  const auto between = [&](Operation first, Operation last) {
    return operation.ge(static_cast<int64_t>(first)) & operation.le(static_cast<int64_t>(last));
  };
  return operation.eq(static_cast<int64_t>(Operation::kRotate)) |
         between(Operation::kShearX, Operation::kTranslateYRel) |
         between(Operation::kTranslateX, Operation::kTranslateY);
}

at::Tensor truncated(const at::Tensor& value) { return value.clamp(0, 255).to(at::kByte); }

// pixel_math.hpp's blend: degenerate and value int32, factor float, broadcast against each other.
at::Tensor blend(const at::Tensor& degenerate, const at::Tensor& value, const at::Tensor& factor) {
  return truncated(degenerate.to(at::kFloat) + factor * (value - degenerate).to(at::kFloat));
}

// How often each value occurs in a plane: int64 (N, C, 256). pixels: int64 (N, C, plane).
at::Tensor value_counts(const at::Tensor& pixels) {
  at::Tensor counts = at::zeros({pixels.size(0), pixels.size(1), kValues}, pixels.options());
  return counts.scatter_add_(2, pixels, at::ones_like(pixels));
}

// ImageOps.autocontrast. low, high: int64 (N, C, 1).
at::Tensor stretch_table(const at::Tensor& values, const at::Tensor& low, const at::Tensor& high) {
  const at::Tensor scale = at::full_like(low, 255.0, at::kDouble) / (high - low).clamp_min(1).to(at::kDouble);
  const at::Tensor offset = (-low).to(at::kDouble) * scale;
  const at::Tensor stretched = truncated(values.to(at::kDouble) * scale + offset).to(at::kInt);
  return at::where(high.gt(low), stretched, values);
}

// ImageOps.equalize. counts: int64 (N, C, 256), high: int64 (N, C, 1).
at::Tensor equalizing_table(const at::Tensor& values, const at::Tensor& counts, const at::Tensor& high) {
  const at::Tensor total = counts.sum(2, /*keepdim=*/true);
  const at::Tensor step = (total - counts.gather(2, high)).floor_divide(255);
  const at::Tensor below = counts.cumsum(2) - counts;
  const at::Tensor divisor = step.clamp_min(1);
  const at::Tensor equalized = (below + step.floor_divide(2)).floor_divide(divisor).clamp_max(255).to(at::kInt);
  return at::where(step.gt(0), equalized, values);
}

// Rounded mean of a plane, of the luma where there are colours: int32 (N, 1, 1).
at::Tensor rounded_mean(const at::Tensor& grey) {
  const at::Tensor sum = grey.sum(at::IntArrayRef{2}, /*keepdim=*/true, at::kLong);
  return (sum.to(at::kDouble) / static_cast<double>(grey.size(2)) + 0.5).to(at::kInt);
}

// int32 (N, 1, plane). pixels: int32 (N, 1 or 3, plane).
at::Tensor luma(const at::Tensor& pixels) {
  if (pixels.size(1) == 1) return pixels;
  const auto channel = [&](int64_t index) { return pixels.narrow(1, index, 1); };
  return (channel(0) * 19595 + channel(1) * 38470 + channel(2) * 7471 + 0x8000).bitwise_right_shift(16);
}

// What becomes of each of the 256 values of a plane: int32 (N, C, 256); itself where the operation is no table.
at::Tensor value_table(const at::Tensor& pixels, const at::Tensor& grey, const OneCall& calls) {
  const at::Tensor values = at::arange(kValues, pixels.options().dtype(at::kInt)).view({1, 1, -1});
  const at::Tensor factor = calls.value.to(at::kFloat).view({-1, 1, 1});
  const at::Tensor whole = calls.value.to(at::kInt).view({-1, 1, 1});
  const at::Tensor places = pixels.to(at::kLong);
  const at::Tensor low = places.amin(2, true), high = places.amax(2, true);

  at::Tensor table = values.expand({pixels.size(0), pixels.size(1), kValues});
  const auto put = [&](Operation operation, const at::Tensor& result) {
    table = at::where(drew(calls, operation), result.to(at::kInt), table);
  };
  put(Operation::kAutoContrast, blend(values, stretch_table(values, low, high), factor));
  put(Operation::kEqualize, blend(values, equalizing_table(values, value_counts(places), high), factor));
  const at::Tensor dropped_bits = (8 - whole).clamp(0, 8);
  put(Operation::kPosterize, values.bitwise_right_shift(dropped_bits).bitwise_left_shift(dropped_bits));
  put(Operation::kSolarize, at::where(values.lt(whole), values, 255 - values));
  put(Operation::kInvert, 255 - values);
  put(Operation::kContrast, blend(rounded_mean(grey), values, factor));
  put(Operation::kBrightness, blend(at::zeros_like(values), values, factor));
  return table;
}

// pixels: int32 (N, C, height, width).
at::Tensor sharpened(const at::Tensor& pixels, const at::Tensor& factor) {
  const int64_t height = pixels.size(2), width = pixels.size(3);
  if (height < 3 || width < 3) return pixels.to(at::kByte);
  const auto shifted = [&](int64_t row, int64_t column) {
    return pixels.narrow(2, row, height - 2).narrow(3, column, width - 2);
  };
  const at::Tensor centre = shifted(1, 1);
  at::Tensor sum = centre * 4;
  for (int64_t row = 0; row < 3; ++row)
    for (int64_t column = 0; column < 3; ++column) sum = sum + shifted(row, column);
  const at::Tensor smooth = ((sum * 2 + 13) * 40330).bitwise_right_shift(20);
  at::Tensor result = pixels.to(at::kByte);
  result.narrow(2, 1, height - 2).narrow(3, 1, width - 2).copy_(blend(smooth, centre, factor.unsqueeze(3)));
  return result;
}

// bool (N, 1, plane): what cutout covers, as cut_square() of pixel_math.hpp.
at::Tensor covered_by_cutout(const OneCall& calls, int64_t height, int64_t width) {
  const at::Tensor side = calls.value.to(at::kLong).view({-1, 1});
  const auto band = [&](int64_t axis, int64_t size) {
    const at::Tensor centre = (calls.centre.select(1, axis).view({-1, 1}) * static_cast<double>(size)).to(at::kLong);
    const at::Tensor distance = at::arange(size, side.options()).view({1, -1}) - (centre - side.floor_divide(2));
    return distance.ge(0) & distance.lt(side);  // (N, size)
  };
  return (band(1, height).unsqueeze(2) & band(0, width).unsqueeze(1)).flatten(1).unsqueeze(1);
}

at::Tensor apply_to_part(const at::Tensor& images, const OneCall& calls, const at::Tensor& fill) {
  const at::Tensor pixels = images.to(at::kInt);
  const at::Tensor planes = pixels.flatten(2);
  const at::Tensor grey = luma(planes);
  const at::Tensor factor = calls.value.to(at::kFloat).view({-1, 1, 1});
  at::Tensor result = value_table(planes, grey, calls).to(at::kByte).gather(2, planes.to(at::kLong));
  if (images.size(1) == 3) result = at::where(drew(calls, Operation::kColor), blend(grey, planes, factor), result);
  result = at::where(drew(calls, Operation::kSharpness), sharpened(pixels, factor).flatten(2), result);
  result = at::where(drew(calls, Operation::kCutout) & covered_by_cutout(calls, images.size(2), images.size(3)), fill,
                     result);
  result = at::where(moves_pixels(calls.operation).view({-1, 1, 1}), resampled(images, calls, fill), result);
  return result.view_as(images);
}

}  // namespace

at::Tensor apply_by_libtorch(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill) {
  const int64_t count = images.size(0);
  const int64_t part = std::clamp<int64_t>(kPixelsAtATime / images[0].numel(), 1, count);
  const at::Tensor colour = fill.view({1, -1, 1});
  std::vector<at::Tensor> results;
  for (int64_t first = 0; first < count; first += part) {
    const auto of = [&](const at::Tensor& all) { return all.narrow(0, first, std::min(part, count - first)); };
    at::Tensor result = of(images);
    for (int64_t i = 0; i < calls.operation.size(1); ++i) {
      const auto column = [&](const at::Tensor& all) { return of(all).select(1, i); };
      result = apply_to_part(
          result, {column(calls.operation), column(calls.value), column(calls.is_cubic), column(calls.centre)}, colour);
    }
    results.push_back(result);
  }
  return results.size() == 1 ? results[0] : at::cat(results);
}

}  // namespace dha::images
