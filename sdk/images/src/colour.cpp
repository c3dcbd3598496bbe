#include "colour.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "cpu_clones.hpp"
#include "pixel_math.hpp"

namespace dha::images {
namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<uint32_t, 256>;

DHA_CPU_CLONES void find_extremes(const uint8_t* source, int64_t count, int* lowest, int* highest) {
  uint8_t low = 255, high = 0;
  for (int64_t i = 0; i < count; ++i) {
    low = source[i] < low ? source[i] : low;
    high = source[i] > high ? source[i] : high;
  }
  *lowest = low;
  *highest = high;
}

// Four counters per value, because equal neighbours would wait for each other's store.
Histogram count_values(const uint8_t* source, int64_t count) {
  std::array<Histogram, 4> parts{};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int part = 0; part < 4; ++part) ++parts[part][source[i + part]];
  }
  for (; i < count; ++i) ++parts[0][source[i]];
  for (int value = 0; value < 256; ++value) {
    parts[0][value] += parts[1][value] + parts[2][value] + parts[3][value];
  }
  return parts[0];
}

void look_up(const Table& table, const uint8_t* source, uint8_t* target, int64_t count) {
  for (int64_t i = 0; i < count; ++i) target[i] = table[source[i]];
}

void blend_with_identity(Table& table, float share) {
  if (share == 1.0f) return;
  for (int value = 0; value < 256; ++value) table[value] = blend(value, table[value], share);
}

DHA_CPU_CLONES void stretch_table(int low, int high, uint8_t* table) {
  for (int value = 0; value < 256; ++value) table[value] = stretched(value, low, high);
}

DHA_CPU_CLONES void mask_bytes(const uint8_t* source, uint8_t* target, int64_t count, uint8_t mask) {
  for (int64_t i = 0; i < count; ++i) target[i] = source[i] & mask;
}

DHA_CPU_CLONES void solarize_bytes(const uint8_t* source, uint8_t* target, int64_t count, uint8_t threshold) {
  for (int64_t i = 0; i < count; ++i) target[i] = solarize(source[i], threshold);
}

DHA_CPU_CLONES void blend_with_constant(const uint8_t* source, uint8_t* target, int64_t count, int constant,
                                        float factor) {
  for (int64_t i = 0; i < count; ++i) target[i] = blend(constant, source[i], factor);
}

DHA_CPU_CLONES void blend_with_luma(const uint8_t* __restrict source, uint8_t* __restrict target, int64_t plane,
                                    float factor) {
  const uint8_t* red = source;
  const uint8_t* green = source + plane;
  const uint8_t* blue = source + 2 * plane;
  for (int64_t i = 0; i < plane; ++i) {
    const int grey = luma(red[i], green[i], blue[i]);
    target[i] = blend(grey, red[i], factor);
    target[i + plane] = blend(grey, green[i], factor);
    target[i + 2 * plane] = blend(grey, blue[i], factor);
  }
}

DHA_CPU_CLONES int64_t sum_of_luma(const uint8_t* source, int64_t plane) {
  int64_t total = 0;
  for (int64_t begin = 0; begin < plane; begin += 4096) {  // short enough for 32-bit sums
    const int64_t end = std::min<int64_t>(plane, begin + 4096);
    uint32_t part = 0;
    for (int64_t i = begin; i < end; ++i) part += luma(source[i], source[i + plane], source[i + 2 * plane]);
    total += part;
  }
  return total;
}

DHA_CPU_CLONES int64_t sum_of_bytes(const uint8_t* source, int64_t count) {
  int64_t total = 0;
  for (int64_t begin = 0; begin < count; begin += 4096) {
    const int64_t end = std::min<int64_t>(count, begin + 4096);
    uint32_t part = 0;
    for (int64_t i = begin; i < end; ++i) part += source[i];
    total += part;
  }
  return total;
}

// Pixels of one plane from the second row to the last but one, as one run: short rows would not be vectorised well. The
// first and last pixel of each row come out wrong, and are the caller's to set.
DHA_CPU_CLONES void sharpen_run(const uint8_t* __restrict source, uint8_t* __restrict target, int64_t begin,
                                int64_t end, int64_t width, float factor) {
  for (int64_t i = begin; i < end; ++i) target[i] = sharpened(source + i, width, factor);
}

}  // namespace

void auto_contrast(const ImageShape& shape, const uint8_t* source, uint8_t* target, float share) {
  const int64_t plane = shape.plane();
  for (int channel = 0; channel < shape.channels; ++channel, source += plane, target += plane) {
    int low, high;
    find_extremes(source, plane, &low, &high);
    if (high <= low) {
      std::memcpy(target, source, plane);
      continue;
    }
    Table table;
    stretch_table(low, high, table.data());
    blend_with_identity(table, share);
    look_up(table, source, target, plane);
  }
}

void equalize(const ImageShape& shape, const uint8_t* source, uint8_t* target, float share) {
  const int64_t plane = shape.plane();
  for (int channel = 0; channel < shape.channels; ++channel, source += plane, target += plane) {
    Table table;
    if (!equalizing_table(count_values(source, plane).data(), plane, table.data())) {
      std::memcpy(target, source, plane);
      continue;
    }
    blend_with_identity(table, share);
    look_up(table, source, target, plane);
  }
}

void posterize(const ImageShape& shape, const uint8_t* source, uint8_t* target, int bits) {
  mask_bytes(source, target, shape.size(), posterizing_mask(bits));
}

void solarize(const ImageShape& shape, const uint8_t* source, uint8_t* target, int threshold) {
  if (threshold > 255) {
    std::memcpy(target, source, shape.size());
  } else {
    solarize_bytes(source, target, shape.size(), static_cast<uint8_t>(threshold));
  }
}

void color(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor) {
  if (shape.channels == 1) {
    std::memcpy(target, source, shape.size());
  } else {
    blend_with_luma(source, target, shape.plane(), factor);
  }
}

void contrast(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor) {
  const int64_t sum = shape.channels == 1 ? sum_of_bytes(source, shape.plane()) : sum_of_luma(source, shape.plane());
  blend_with_constant(source, target, shape.size(), rounded_mean(sum, shape.plane()), factor);
}

void brightness(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor) {
  blend_with_constant(source, target, shape.size(), 0, factor);
}

void sharpness(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor) {
  const int width = shape.width, height = shape.height;
  if (width < 3 || height < 3) {  // the filter leaves such images alone
    std::memcpy(target, source, shape.size());
    return;
  }
  const int64_t plane = shape.plane();
  for (int channel = 0; channel < shape.channels; ++channel, source += plane, target += plane) {
    sharpen_run(source, target, width + 1, plane - width - 1, width, factor);
    std::memcpy(target, source, width);
    for (int64_t row = width; row < plane - width; row += width) {
      target[row] = source[row];
      target[row + width - 1] = source[row + width - 1];
    }
    std::memcpy(target + plane - width, source + plane - width, width);
  }
}

}  // namespace dha::images
