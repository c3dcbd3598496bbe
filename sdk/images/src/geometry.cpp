#include "geometry.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cpu_clones.hpp"
#include "pixel_math.hpp"

namespace dha::images {
namespace {

static_assert(std::endian::native == std::endian::little, "four neighbours are unpacked from one little-endian word");

// Pixels around an image, copies of its border, so that a filter needs no clipping: a cubic reads two to the left of
// position -0.5 and two to the right of the last pixel, and words of four bytes reach one further.
constexpr int kMargin = 2;
constexpr int kRightMargin = 3;

// Writes pixel(i), an int32_t in [0, 255], for i in [begin, end). Calls pixel() for up to kBlock - 1 indices past the
// end.
//
// Blocks of a fixed length, because rows of small images would be left to the scalar ends of long vectors; and narrowed
// apart, because a loop over bytes and doubles gets vectors of two doubles only.
constexpr int kBlock = 16;

template <class Pixel>
DHA_PIXEL_FUNCTION void write_pixels(int begin, int end, uint8_t* target, Pixel pixel) {
  for (; begin < end; begin += kBlock) {
    int32_t values[kBlock];
    for (int i = 0; i < kBlock; ++i) values[i] = pixel(begin + i);
    uint8_t bytes[kBlock];
    for (int i = 0; i < kBlock; ++i) bytes[i] = static_cast<uint8_t>(values[i]);
    if (begin + kBlock <= end) {
      std::memcpy(target + begin, bytes, kBlock);
    } else {
      std::memcpy(target + begin, bytes, end - begin);
    }
  }
}

// Length of a row between margins, with room for reads past its end by write_pixels().
int padded_size(int count) { return kMargin + count + kRightMargin + kBlock; }

// Copies a row between margins, as bytes or widened. Returns the place of its first pixel.
template <class Value>
DHA_PIXEL_FUNCTION Value* pad_row(const uint8_t* __restrict source, int count, Value* __restrict padded) {
  for (int i = 0; i < kMargin; ++i) padded[i] = source[0];
  for (int i = 0; i < count; ++i) padded[kMargin + i] = source[i];
  for (int i = 0; i < kRightMargin; ++i) padded[kMargin + count + i] = source[count - 1];
  return padded + kMargin;
}

DHA_CPU_CLONES double* widen_row(const uint8_t* source, int count, double* padded) {
  return pad_row(source, count, padded);
}

// Where the pixels of one output row come from, along the axis of the row.
struct Samples {
  int begin = 0, end = 0;  // output pixels whose position lies inside
  int shift = 0;           // index of the left neighbour minus index of the pixel
  bool is_shift = false;   // true where `shift` holds for the whole row
};

// Pixel i reads position (i + 0.5) + offset of `count` pixels, as ImagingGenericTransform computes it: index of the
// left neighbour into `indices`, distance from it into `fractions`.
DHA_CPU_CLONES Samples sample_row(double offset, int count, int32_t* __restrict indices, double* __restrict fractions) {
  int below = 0, inside = 0;
  for (int i = 0; i < count; ++i) {
    const double position = (i + 0.5) + offset;
    const auto [index, fraction] = neighbour_of(position);
    indices[i] = index;
    fractions[i] = fraction;
    below += position < 0.0 ? 1 : 0;
    inside += position < count ? 1 : 0;
  }
  int lowest = indices[0], highest = indices[0];
  for (int i = 0; i < count; ++i) {
    const int shift = indices[i] - i;
    lowest = std::min(lowest, shift);
    highest = std::max(highest, shift);
  }
  return {below, std::max(below, inside), lowest, lowest == highest};
}

DHA_PIXEL_FUNCTION int32_t bilinear_right_of(const double* left, double fraction) {
  return bilinear_pixel(left[0], left[1], fraction);
}

DHA_PIXEL_FUNCTION int32_t bicubic_right_of(const double* left, double fraction) {
  return bicubic_pixel(left[-1], left[0], left[1], left[2], fraction);
}

DHA_CPU_CLONES void shift_row_bilinear(const double* left, const double* fractions, int begin, int end,
                                       uint8_t* target) {
  write_pixels(begin, end, target, [=](int i) DHA_INLINE_LAMBDA { return bilinear_right_of(left + i, fractions[i]); });
}

DHA_CPU_CLONES void shift_row_bicubic(const double* left, const double* fractions, int begin, int end,
                                      uint8_t* target) {
  write_pixels(begin, end, target, [=](int i) DHA_INLINE_LAMBDA { return bicubic_right_of(left + i, fractions[i]); });
}

// The general case: rounding moved some pixels of the row to another neighbour.
void gather_row(Resampling resampling, const double* row, const int32_t* indices, const double* fractions, int begin,
                int end, uint8_t* target) {
  for (int i = begin; i < end; ++i) {
    const double* left = row + indices[i];
    target[i] = static_cast<uint8_t>(resampling == Resampling::kBilinear ? bilinear_right_of(left, fractions[i])
                                                                         : bicubic_right_of(left, fractions[i]));
  }
}

// Resamples one row along itself. `padded` is work space of padded_size(count).
void resample_row(Resampling resampling, const Samples& samples, const int32_t* indices, const double* fractions,
                  const uint8_t* source, int count, uint8_t fill, double* padded, uint8_t* target) {
  std::memset(target, fill, samples.begin);
  std::memset(target + samples.end, fill, count - samples.end);
  if (samples.begin == samples.end) return;
  const double* row = widen_row(source, count, padded);
  if (!samples.is_shift) {
    gather_row(resampling, row, indices, fractions, samples.begin, samples.end, target);
  } else if (resampling == Resampling::kBilinear) {
    shift_row_bilinear(row + samples.shift, fractions, samples.begin, samples.end, target);
  } else {
    shift_row_bicubic(row + samples.shift, fractions, samples.begin, samples.end, target);
  }
}

// Resamples each row y along itself, by slope * (y + 0.5) + shift.
void resample_rows(const OperationCall& call, const ImageShape& shape, double slope, double shift,
                   const uint8_t* source, uint8_t* target, Buffers& buffers) {
  const int width = shape.width;
  int32_t* indices = buffers.indices(width);
  double* fractions = buffers.fractions(width + kBlock);
  double* padded = buffers.row(padded_size(width));
  Samples samples;
  for (int y = 0; y < shape.height; ++y) {
    if (y == 0 || slope != 0) samples = sample_row(slope * (y + 0.5) + shift, width, indices, fractions);
    for (int channel = 0; channel < shape.channels; ++channel) {
      const int64_t offset = channel * shape.plane() + static_cast<int64_t>(y) * width;
      resample_row(call.resampling, samples, indices, fractions, source + offset, width, call.fill[channel], padded,
                   target + offset);
    }
  }
}

DHA_CPU_CLONES void mix_rows_bilinear(const uint8_t* __restrict a, const uint8_t* __restrict b, double fraction,
                                      int count, uint8_t* __restrict target) {
  for (int i = 0; i < count; ++i) {
    target[i] = static_cast<uint8_t>(bilinear_pixel<int>(a[i], b[i], fraction));
  }
}

DHA_CPU_CLONES void mix_rows_bicubic(const uint8_t* __restrict before, const uint8_t* __restrict a,
                                     const uint8_t* __restrict b, const uint8_t* __restrict after, double fraction,
                                     int count, uint8_t* __restrict target) {
  for (int i = 0; i < count; ++i) target[i] = bicubic_pixel<int>(before[i], a[i], b[i], after[i], fraction);
}

// Reverses the bytes' order between rows and columns within an 8 by 8 tile of eight words.
inline void transpose_tile(uint64_t tile[8]) {
  const auto swap = [tile](int row, int distance, uint64_t mask, int bits) {
    const uint64_t changed = ((tile[row] >> bits) ^ tile[row + distance]) & mask;
    tile[row] ^= changed << bits;
    tile[row + distance] ^= changed;
  };
  for (int row : {0, 1, 2, 3}) swap(row, 4, 0x00000000ffffffffu, 32);
  for (int row : {0, 1, 4, 5}) swap(row, 2, 0x0000ffff0000ffffu, 16);
  for (int row : {0, 2, 4, 6}) swap(row, 1, 0x00ff00ff00ff00ffu, 8);
}

// target(column, row) = source(row, column) for one plane.
void transpose(const uint8_t* source, int rows, int columns, uint8_t* target) {
  const int whole_rows = rows & ~7, whole_columns = columns & ~7;
  for (int row = 0; row < whole_rows; row += 8) {
    for (int column = 0; column < whole_columns; column += 8) {
      uint64_t tile[8];
      for (int i = 0; i < 8; ++i) std::memcpy(&tile[i], source + static_cast<int64_t>(row + i) * columns + column, 8);
      transpose_tile(tile);
      for (int i = 0; i < 8; ++i) std::memcpy(target + static_cast<int64_t>(column + i) * rows + row, &tile[i], 8);
    }
  }
  for (int row = 0; row < rows; ++row) {
    for (int column = row < whole_rows ? whole_columns : 0; column < columns; ++column) {
      target[static_cast<int64_t>(column) * rows + row] = source[static_cast<int64_t>(row) * columns + column];
    }
  }
}

// One row of a rotation: for each pixel the place of its left upper neighbour in a padded plane of `stride` bytes a
// row, and the distances from that neighbour. Returns the pixels whose position lies inside, an interval because a
// rotation by less than 90 degrees is monotone along a row.
DHA_CPU_CLONES Samples sample_rotated_row(const AffineMap& matrix, int y, int width, int height, int stride,
                                          int32_t* __restrict indices, double* __restrict fractions_x,
                                          double* __restrict fractions_y) {
  const double by = matrix.b * (y + 0.5), ey = matrix.e * (y + 0.5);
  const double a = matrix.a, c = matrix.c, d = matrix.d, f = matrix.f;
  int left_of = 0, not_right_of = 0, above = 0, not_below = 0;
  for (int x = 0; x < width; ++x) {
    const double position_x = source_coordinate(a, x + 0.5, by, c), position_y = source_coordinate(d, x + 0.5, ey, f);
    const Neighbour horizontal = neighbour_of(position_x), vertical = neighbour_of(position_y);
    indices[x] = (vertical.index + kMargin) * stride + (horizontal.index + kMargin);
    fractions_x[x] = horizontal.fraction;
    fractions_y[x] = vertical.fraction;
    left_of += position_x < 0.0 ? 1 : 0;
    not_right_of += position_x < width ? 1 : 0;
    above += position_y < 0.0 ? 1 : 0;
    not_below += position_y < height ? 1 : 0;
  }
  const int first_row_pixel = d < 0 ? width - not_below : above;
  const int end_row_pixel = d < 0 ? width - above : not_below;
  const int begin = std::max(left_of, first_row_pixel);
  return {begin, std::max(begin, std::min(not_right_of, end_row_pixel)), 0, false};
}

// Copies a plane between margins that repeat its border.
void pad_plane(const uint8_t* source, int width, int height, int stride, uint8_t* padded) {
  for (int y = -kMargin; y < height + kMargin; ++y) {
    const uint8_t* row = source + static_cast<int64_t>(std::clamp(y, 0, height - 1)) * width;
    pad_row(row, width, padded + static_cast<int64_t>(y + kMargin) * stride);
  }
}

// Fetches four neighbours per word, `rows` words per pixel. A scalar loop: the arithmetic on the words vectorises.
void fetch_words(const uint8_t* padded, const int32_t* indices, int begin, int end, int rows, int stride, int words_row,
                 uint32_t* words) {
  for (int row = 0; row < rows; ++row, padded += stride, words += words_row) {
    for (int i = begin; i < end; ++i) std::memcpy(words + i, padded + indices[i], sizeof(uint32_t));
  }
}

DHA_PIXEL_FUNCTION int byte_of(uint32_t word, int index) { return static_cast<int>((word >> (8 * index)) & 255u); }

DHA_PIXEL_FUNCTION double bilinear_of(uint32_t word, double fraction) {
  return bilinear(byte_of(word, 0), byte_of(word, 1), fraction);
}

DHA_PIXEL_FUNCTION double bicubic_of(uint32_t word, double fraction) {
  return bicubic(byte_of(word, 0), byte_of(word, 1), byte_of(word, 2), byte_of(word, 3), fraction);
}

// Words of the upper and the lower row, the left neighbour in the lowest byte.
DHA_CPU_CLONES void mix_words_bilinear(const uint32_t* __restrict words, int words_row,
                                       const double* __restrict fractions_x, const double* __restrict fractions_y,
                                       int begin, int end, uint8_t* __restrict target) {
  write_pixels(begin, end, target, [=](int i) DHA_INLINE_LAMBDA {
    const double upper = bilinear_of(words[i], fractions_x[i]);
    const double lower = bilinear_of(words[i + words_row], fractions_x[i]);
    return bilinear_pixel(upper, lower, fractions_y[i]);
  });
}

// Words of the four rows around the position.
DHA_CPU_CLONES void mix_words_bicubic(const uint32_t* __restrict words, int words_row,
                                      const double* __restrict fractions_x, const double* __restrict fractions_y,
                                      int begin, int end, uint8_t* __restrict target) {
  write_pixels(begin, end, target, [=](int i) DHA_INLINE_LAMBDA {
    const double fraction = fractions_x[i];
    return bicubic_pixel(bicubic_of(words[i], fraction), bicubic_of(words[i + words_row], fraction),
                         bicubic_of(words[i + 2 * words_row], fraction), bicubic_of(words[i + 3 * words_row], fraction),
                         fractions_y[i]);
  });
}

}  // namespace

void shear_x(const OperationCall& call, const ImageShape& shape, double slope, const uint8_t* source, uint8_t* target,
             Buffers& buffers) {
  resample_rows(call, shape, slope, 0, source, target, buffers);
}

void translate_x(const OperationCall& call, const ImageShape& shape, double shift, const uint8_t* source,
                 uint8_t* target, Buffers& buffers) {
  resample_rows(call, shape, 0, shift, source, target, buffers);
}

// Columns are turned into rows and back: a sheared column is a row of neighbours then.
void shear_y(const OperationCall& call, const ImageShape& shape, double slope, const uint8_t* source, uint8_t* target,
             Buffers& buffers) {
  const ImageShape turned{1, shape.width, shape.height};
  uint8_t* turned_source = buffers.plane(shape.plane());
  uint8_t* turned_target = buffers.second_plane(shape.plane());
  OperationCall channel_call = call;
  for (int channel = 0; channel < shape.channels; ++channel) {
    channel_call.fill[0] = call.fill[channel];
    transpose(source + channel * shape.plane(), shape.height, shape.width, turned_source);
    resample_rows(channel_call, turned, slope, 0, turned_source, turned_target, buffers);
    transpose(turned_target, shape.width, shape.height, target + channel * shape.plane());
  }
}

void translate_y(const OperationCall& call, const ImageShape& shape, double shift, const uint8_t* source,
                 uint8_t* target, Buffers& buffers) {
  const int width = shape.width, height = shape.height;
  int32_t* indices = buffers.indices(height);
  double* fractions = buffers.fractions(height);
  const Samples samples = sample_row(shift, height, indices, fractions);
  for (int channel = 0; channel < shape.channels; ++channel, source += shape.plane(), target += shape.plane()) {
    const auto row = [&](int y) { return source + static_cast<int64_t>(std::clamp(y, 0, height - 1)) * width; };
    std::memset(target, call.fill[channel], static_cast<int64_t>(samples.begin) * width);
    for (int y = samples.begin; y < samples.end; ++y) {
      uint8_t* out = target + static_cast<int64_t>(y) * width;
      const int index = indices[y];
      if (call.resampling == Resampling::kBilinear) {
        mix_rows_bilinear(row(index), row(index + 1), fractions[y], width, out);
      } else {
        mix_rows_bicubic(row(index - 1), row(index), row(index + 1), row(index + 2), fractions[y], width, out);
      }
    }
    std::memset(target + static_cast<int64_t>(samples.end) * width, call.fill[channel],
                static_cast<int64_t>(height - samples.end) * width);
  }
}

void rotate(const OperationCall& call, const ImageShape& shape, double degrees, const uint8_t* source, uint8_t* target,
            Buffers& buffers) {
  const int width = shape.width, height = shape.height;
  const int stride = width + kMargin + kRightMargin;
  const int64_t padded_plane = static_cast<int64_t>(stride) * (height + 2 * kMargin);
  uint8_t* padded = buffers.plane(shape.channels * padded_plane);
  for (int channel = 0; channel < shape.channels; ++channel) {
    pad_plane(source + channel * shape.plane(), width, height, stride, padded + channel * padded_plane);
  }
  const AffineMap matrix = rotation_map(degrees, width, height);
  const bool cubic = call.resampling == Resampling::kBicubic;
  int32_t* indices = buffers.indices(width);
  const int words_row = width + kBlock;
  double* fractions_x = buffers.fractions(2 * static_cast<size_t>(words_row));
  double* fractions_y = fractions_x + words_row;
  uint32_t* words = buffers.words(4 * static_cast<size_t>(words_row));
  for (int y = 0; y < height; ++y) {
    const auto [begin, end, shift, is_shift] =
        sample_rotated_row(matrix, y, width, height, stride, indices, fractions_x, fractions_y);
    for (int channel = 0; channel < shape.channels; ++channel) {
      const uint8_t* plane = padded + channel * padded_plane;
      uint8_t* out = target + channel * shape.plane() + static_cast<int64_t>(y) * width;
      std::memset(out, call.fill[channel], begin);
      std::memset(out + end, call.fill[channel], width - end);
      if (cubic) {
        fetch_words(plane - stride - 1, indices, begin, end, 4, stride, words_row, words);
        mix_words_bicubic(words, words_row, fractions_x, fractions_y, begin, end, out);
      } else {
        fetch_words(plane, indices, begin, end, 2, stride, words_row, words);
        mix_words_bilinear(words, words_row, fractions_x, fractions_y, begin, end, out);
      }
    }
  }
}

}  // namespace dha::images
