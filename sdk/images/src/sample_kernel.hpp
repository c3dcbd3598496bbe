// One operation on one image by a block of threads: the code of the CUDA kernel, which a block of one thread runs on a
// CPU.
//
// A Block has thread() in [0, threads()), sync(), which all its threads pass together, and add(), an atomic addition to
// a counter that they share. Results are those of apply_operation(), byte for byte, but where sine and cosine differ:
// both take their arithmetic from pixel_math.hpp. They differ in how they walk. The loops for the CPU go along whole
// rows, so that they vectorise, and a shear or a translation along one axis alone, since the fraction of the other is
// 0.
#pragma once

#include <cstdint>

#include "../include/dha/images/operation.hpp"  // nvcc is given no include directories
#include "pixel_math.hpp"

#ifdef __CUDACC__
#pragma nv_diag_suppress 20011, 20014  // the functions of a block of the device are called from templates for both
#endif

namespace dha::images {

// Planes of an image; as ImageShape of pixels.hpp, for code that is compiled by nvcc too.
struct Planes {
  int channels = 3, height = 0, width = 0;
};

struct SampleCall {
  int operation = 0;
  double value = 0;
  bool is_cubic = false;
  double centre_x = 0.5, centre_y = 0.5;
};

// What the threads of a block share.
struct SampleMemory {
  uint32_t counts[3][256];
  uint8_t table[3][256];
  int low[3], high[3];  // lowest and highest value that occurs
  unsigned long long sum;
  AffineMap map;
};

template <class Block, class Work>
DHA_PIXEL_FUNCTION void for_each(const Block& block, int64_t count, Work work) {
  for (int64_t i = block.thread(); i < count; i += block.threads()) work(i);
}

template <class Block>
DHA_PIXEL_FUNCTION void count_pixels(const Block& block, SampleMemory& memory, const Planes& shape,
                                     const uint8_t* source) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  for_each(block, shape.channels * 256, [&](int64_t i) { memory.counts[i / 256][i % 256] = 0; });
  block.sync();
  for_each(block, shape.channels * plane, [&](int64_t i) { block.add(&memory.counts[i / plane][source[i]], 1u); });
  block.sync();
  for_each(block, shape.channels, [&](int64_t channel) {
    const uint32_t* counts = memory.counts[channel];
    int low = 0, high = 255;
    while (counts[low] == 0) ++low;
    while (counts[high] == 0) --high;
    memory.low[channel] = low;
    memory.high[channel] = high;
  });
  block.sync();
}

DHA_PIXEL_FUNCTION int grey_of(const Planes& shape, const uint8_t* source, int64_t pixel, int64_t plane) {
  return shape.channels == 1 ? source[pixel] : luma(source[pixel], source[pixel + plane], source[pixel + 2 * plane]);
}

// The mean of the grey image, rounded.
template <class Block>
DHA_PIXEL_FUNCTION int mean_grey(const Block& block, SampleMemory& memory, const Planes& shape, const uint8_t* source) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  if (block.thread() == 0) memory.sum = 0;
  block.sync();
  unsigned long long own = 0;
  for_each(block, plane, [&](int64_t i) { own += static_cast<unsigned>(grey_of(shape, source, i, plane)); });
  block.add(&memory.sum, own);
  block.sync();
  return rounded_mean(static_cast<int64_t>(memory.sum), plane);
}

// The tables of ImageOps.equalize, of the counts.
template <class Block>
DHA_PIXEL_FUNCTION void equalize_tables(const Block& block, SampleMemory& memory, const Planes& shape) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  for_each(block, shape.channels, [&](int64_t channel) {
    uint8_t* table = memory.table[channel];
    if (equalizing_table(memory.counts[channel], plane, table)) return;
    for (int value = 0; value < 256; ++value) table[value] = static_cast<uint8_t>(value);
  });
  block.sync();
}

// What becomes of a value in a channel, for the operations that are a table.
DHA_PIXEL_FUNCTION uint8_t table_value(const SampleMemory& memory, const SampleCall& call, int mean, int64_t channel,
                                       int value) {
  const float factor = static_cast<float>(call.value);
  const int whole = static_cast<int>(call.value);
  const int low = memory.low[channel], high = memory.high[channel];
  switch (static_cast<Operation>(call.operation)) {
    case Operation::kAutoContrast:
      return static_cast<uint8_t>(high > low ? blend(value, stretched(value, low, high), factor) : value);
    case Operation::kEqualize:
      return static_cast<uint8_t>(blend(value, memory.table[channel][value], factor));
    case Operation::kPosterize:
      return static_cast<uint8_t>(value & posterizing_mask(whole));
    case Operation::kSolarize:
      return solarize(static_cast<uint8_t>(value), whole);
    case Operation::kInvert:
      return solarize(static_cast<uint8_t>(value), 0);
    case Operation::kContrast:
      return static_cast<uint8_t>(blend(mean, value, factor));
    case Operation::kBrightness:
      return static_cast<uint8_t>(blend(0, value, factor));
    default:
      return static_cast<uint8_t>(value);
  }
}

template <class Block>
DHA_PIXEL_FUNCTION void apply_table(const Block& block, SampleMemory& memory, const SampleCall& call,
                                    const Planes& shape, const uint8_t* source, uint8_t* target) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  const auto operation = static_cast<Operation>(call.operation);
  int mean = 0;
  if (operation == Operation::kAutoContrast || operation == Operation::kEqualize)
    count_pixels(block, memory, shape, source);
  if (operation == Operation::kEqualize) equalize_tables(block, memory, shape);
  if (operation == Operation::kContrast) mean = mean_grey(block, memory, shape, source);
  for_each(block, shape.channels * 256, [&](int64_t i) {
    memory.table[i / 256][i % 256] = table_value(memory, call, mean, i / 256, static_cast<int>(i % 256));
  });
  block.sync();
  for_each(block, shape.channels * plane, [&](int64_t i) { target[i] = memory.table[i / plane][source[i]]; });
}

template <class Block>
DHA_PIXEL_FUNCTION void apply_colour(const Block& block, const SampleCall& call, const Planes& shape,
                                     const uint8_t* source, uint8_t* target) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  const float factor = static_cast<float>(call.value);
  for_each(block, plane, [&](int64_t i) {
    const int grey = grey_of(shape, source, i, plane);
    for (int64_t place = i; place < shape.channels * plane; place += plane)
      target[place] = static_cast<uint8_t>(blend(grey, source[place], factor));
  });
}

template <class Block>
DHA_PIXEL_FUNCTION void apply_sharpness(const Block& block, const SampleCall& call, const Planes& shape,
                                        const uint8_t* source, uint8_t* target) {
  const int64_t width = shape.width, plane = static_cast<int64_t>(shape.height) * width;
  const float factor = static_cast<float>(call.value);
  for_each(block, shape.channels * plane, [&](int64_t i) {
    const int64_t column = i % width, row = i % plane / width;
    if (column == 0 || column == width - 1 || row == 0 || row == shape.height - 1) {
      target[i] = source[i];
      return;
    }
    target[i] = static_cast<uint8_t>(sharpened(source + i, width, factor));
  });
}

DHA_PIXEL_FUNCTION int clamp_index(int index, int size) { return index < 0 ? 0 : index < size ? index : size - 1; }

// The pixel of one plane at a position that these neighbours stand for.
DHA_PIXEL_FUNCTION uint8_t interpolated(const uint8_t* source, const Planes& shape, bool is_cubic,
                                        const Neighbour& horizontal, const Neighbour& vertical) {
  double lines[4] = {0, 0, 0, 0};
  const int first = is_cubic ? -1 : 0, last = is_cubic ? 2 : 1;
  for (int line = first; line <= last; ++line) {
    const uint8_t* pixels =
        source + static_cast<int64_t>(clamp_index(vertical.index + line, shape.height)) * shape.width;
    const auto at = [&](int offset) {
      return static_cast<int>(pixels[clamp_index(horizontal.index + offset, shape.width)]);
    };
    lines[line + 1] = is_cubic ? bicubic(at(-1), at(0), at(1), at(2), horizontal.fraction)
                               : bilinear(at(0), at(1), horizontal.fraction);
  }
  return static_cast<uint8_t>(is_cubic ? bicubic_pixel(lines[0], lines[1], lines[2], lines[3], vertical.fraction)
                                       : bilinear_pixel(lines[1], lines[2], vertical.fraction));
}

template <class Block>
DHA_PIXEL_FUNCTION void apply_geometry(const Block& block, SampleMemory& memory, const SampleCall& call,
                                       const uint8_t* fill, const Planes& shape, const uint8_t* source,
                                       uint8_t* target) {
  if (block.thread() == 0)
    memory.map = affine_map(static_cast<Operation>(call.operation), call.value, shape.width, shape.height);
  block.sync();
  const AffineMap& map = memory.map;
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  for_each(block, plane, [&](int64_t i) {
    const double x = static_cast<double>(i % shape.width) + 0.5, y = static_cast<double>(i / shape.width) + 0.5;
    const double position_x = source_coordinate(map.a, x, map.b * y, map.c);
    const double position_y = source_coordinate(map.d, x, map.e * y, map.f);
    const bool is_inside =
        position_x >= 0.0 && position_x < shape.width && position_y >= 0.0 && position_y < shape.height;
    const Neighbour horizontal = is_inside ? neighbour_of(position_x) : Neighbour{};
    const Neighbour vertical = is_inside ? neighbour_of(position_y) : Neighbour{};
    for (int channel = 0; channel < shape.channels; ++channel)
      target[channel * plane + i] =
          is_inside ? interpolated(source + channel * plane, shape, call.is_cubic, horizontal, vertical)
                    : fill[channel];
  });
}

template <class Block>
DHA_PIXEL_FUNCTION void apply_cutout(const Block& block, const SampleCall& call, const uint8_t* fill,
                                     const Planes& shape, const uint8_t* source, uint8_t* target) {
  const int64_t plane = static_cast<int64_t>(shape.height) * shape.width;
  const CutSquare square =
      cut_square(static_cast<int>(call.value), call.centre_x, call.centre_y, shape.width, shape.height);
  for_each(block, shape.channels * plane, [&](int64_t i) {
    const int64_t x = i % shape.width, y = i % plane / shape.width;
    const bool is_covered = x >= square.left && x < square.right && y >= square.top && y < square.bottom;
    target[i] = is_covered ? fill[i / plane] : source[i];
  });
}

// Applies `call` to one image: planes after one another, `source` and `target` apart. fill: a byte per channel.
template <class Block>
DHA_PIXEL_FUNCTION void apply_sample(const Block& block, SampleMemory& memory, const SampleCall& call,
                                     const uint8_t* fill, const Planes& shape, const uint8_t* source, uint8_t* target) {
  switch (static_cast<Operation>(call.operation)) {
    case Operation::kColor:
      apply_colour(block, call, shape, source, target);
      break;
    case Operation::kSharpness:
      apply_sharpness(block, call, shape, source, target);
      break;
    case Operation::kRotate:
    case Operation::kShearX:
    case Operation::kShearY:
    case Operation::kTranslateXRel:
    case Operation::kTranslateYRel:
    case Operation::kTranslateX:
    case Operation::kTranslateY:
      apply_geometry(block, memory, call, fill, shape, source, target);
      break;
    case Operation::kCutout:
      apply_cutout(block, call, fill, shape, source, target);
      break;
    default:
      apply_table(block, memory, call, shape, source, target);
  }
  block.sync();
}

}  // namespace dha::images
