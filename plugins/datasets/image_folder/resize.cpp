// Compiled without contraction of products and sums, for several generations of CPU: the same bits on all of them.
#include "image_folder/resize.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "../../cpu_clones.hpp"

namespace dha::datasets {

namespace {

// Outputs of a row that are worked on at once, from a window of twice as many inputs.
constexpr int64_t kLanes = 8;
constexpr int64_t kWindow = 2 * kLanes;
using Floats = float __attribute__((vector_size(4 * kLanes)));
using Ints = int32_t __attribute__((vector_size(4 * kLanes)));

// Four interleaved pixels of three channels, read with what lies behind them, and one channel of them as words.
constexpr int64_t kColoursTaken = 4, kColoursRead = 6;
using Colours = uint8_t __attribute__((vector_size(16)));
using Words = int32_t __attribute__((vector_size(16)));
using WordFloats = float __attribute__((vector_size(16)));
static_assert(std::endian::native == std::endian::little);  // the first byte of a word is its lowest
constexpr Colours kEveryThird = {0, 0, 0, 0, 3, 3, 3, 3, 6, 6, 6, 6, 9, 9, 9, 9};

int64_t whole_vectors(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// Rows carry it, so that a blend of them, whose weights sum to 1, is rounded where it is cut off.
constexpr float kHalf = 0.5f;

// The weighted input samples of each output sample along one axis.
struct Filter {
  std::vector<int32_t> first;    // (outputs), index of the first input
  std::vector<float> weights;    // (taps, stride), zero beyond an output's inputs
  int64_t taps = 0, stride = 0;  // most inputs of an output; outputs rounded up to whole vectors
};

// Triangle filter for `outputs` samples of the part [start, start + extent) of `inputs` samples. Output i has its
// centre at c = start + (i + 1/2) s with s = extent / outputs; input k at k + 1/2 weighs 1 - |k + 1/2 - c| / max(s, 1).
// `reversed`: the last output comes first.
Filter triangle_filter(int64_t inputs, double start, double extent, int64_t outputs, bool reversed) {
  const double scale = extent / static_cast<double>(outputs);
  const double support = std::max(scale, 1.0), slope = 1 / support;
  Filter filter;
  filter.stride = whole_vectors(outputs);
  filter.first.resize(static_cast<size_t>(outputs));
  filter.weights.resize(static_cast<size_t>((static_cast<int64_t>(std::ceil(support)) * 2 + 1) * filter.stride));
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t place = reversed ? outputs - 1 - i : i;
    const double centre = start + (static_cast<double>(i) + 0.5) * scale;
    const auto least = std::clamp<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0, inputs - 1);
    const auto limit = std::clamp<int64_t>(static_cast<int64_t>(centre + support + 0.5), least + 1, inputs);
    double sum = 0;
    for (int64_t k = least; k < limit; ++k) {
      const double weight = std::max(0.0, 1 - std::abs(static_cast<double>(k) + 0.5 - centre) * slope);
      filter.weights[static_cast<size_t>((k - least) * filter.stride + place)] = static_cast<float>(weight);
      sum += weight;
    }
    const auto share = static_cast<float>(1 / sum);
    for (int64_t k = least; k < limit; ++k)
      filter.weights[static_cast<size_t>((k - least) * filter.stride + place)] *= share;
    filter.first[static_cast<size_t>(place)] = static_cast<int32_t>(least);
    filter.taps = std::max(filter.taps, limit - least);
  }
  return filter;
}

// A filter along rows, kLanes outputs at a time: the inputs of those lie in a window where the scale allows it.
struct RowFilter {
  explicit RowFilter(Filter filter_given) : filter(std::move(filter_given)) {
    filter.first.resize(static_cast<size_t>(filter.stride), filter.first.back());
    windows.reserve(filter.first.size() / kLanes);
    offsets.resize(filter.first.size());
    for (size_t lane = 0; lane < filter.first.size(); lane += kLanes) {
      const auto [least, most] = std::minmax(filter.first[lane], filter.first[lane + kLanes - 1]);  // they are in order
      fits = fits && most - least + filter.taps <= kWindow;
      windows.push_back(least);
      for (size_t i = lane; i < lane + kLanes; ++i) offsets[i] = filter.first[i] - windows.back();
    }
  }

  Filter filter;
  std::vector<int32_t> windows;  // (stride / kLanes), the first input of each window
  std::vector<int32_t> offsets;  // (stride), of an output's first input in its window
  bool fits = true;
};

// `width` pixels of interleaved channels as planes of floats.
DHA_CPU_CLONES void to_planes(const uint8_t* row, int64_t width, int64_t channels, float* __restrict planes,
                              int64_t stride) {
  if (channels == 1) {
    for (int64_t x = 0; x < width; ++x) planes[x] = static_cast<float>(row[x]);
    return;
  }
  int64_t x = 0;
  for (; x + kColoursRead <= width; x += kColoursTaken) {
    Colours bytes;
    std::memcpy(&bytes, row + 3 * x, sizeof bytes);
    const auto store = [&](const Colours& places, float* to) DHA_INLINE_LAMBDA {
      const auto words = reinterpret_cast<Words>(__builtin_shuffle(bytes, places)) & 255;
      const auto values = __builtin_convertvector(words, WordFloats);
      std::memcpy(to + x, &values, sizeof values);
    };
    store(kEveryThird, planes);
    store(kEveryThird + 1, planes + stride);
    store(kEveryThird + 2, planes + 2 * stride);
  }
  for (; x < width; ++x)
    for (int64_t channel = 0; channel < 3; ++channel)
      planes[channel * stride + x] = static_cast<float>(row[3 * x + channel]);
}

// A row's planes, each `from_stride` after the one before, under a filter whose windows fit: the inputs of eight
// outputs are picked out of two vectors. kTaps: of the filter, 0: what it says.
template <int kTaps, int kChannels>
inline __attribute__((always_inline)) void pick_in_windows(const float* from, int64_t from_stride,
                                                           const RowFilter& columns, float* __restrict to) {
  const int64_t stride = columns.filter.stride, taps = kTaps > 0 ? kTaps : columns.filter.taps;
  const int32_t* const windows = columns.windows.data();
  const int32_t* const offsets = columns.offsets.data();
  const float* const weights = columns.filter.weights.data();
  for (int64_t x = 0; x < stride; x += kLanes) {
    const float* const window = from + windows[x / kLanes];
    Floats low[kChannels], high[kChannels], sum[kChannels], weight;
    Ints lanes;
    std::memcpy(&lanes, offsets + x, sizeof lanes);
    std::memcpy(&weight, weights + x, sizeof weight);
    for (int channel = 0; channel < kChannels; ++channel) {
      std::memcpy(&low[channel], window + channel * from_stride, sizeof(Floats));
      std::memcpy(&high[channel], window + channel * from_stride + kLanes, sizeof(Floats));
      sum[channel] = weight * __builtin_shuffle(low[channel], high[channel], lanes) + kHalf;
    }
    for (int64_t k = 1; k < taps; ++k) {
      lanes += 1;
      std::memcpy(&weight, weights + k * stride + x, sizeof weight);
      for (int channel = 0; channel < kChannels; ++channel)
        sum[channel] += weight * __builtin_shuffle(low[channel], high[channel], lanes);
    }
    for (int channel = 0; channel < kChannels; ++channel)
      std::memcpy(to + channel * stride + x, &sum[channel], sizeof(Floats));
  }
}

DHA_CPU_CLONES void resize_in_windows(const float* from, int64_t from_stride, int64_t channels,
                                      const RowFilter& columns, float* __restrict to) {
  if (channels == 1)
    pick_in_windows<0, 1>(from, from_stride, columns, to);
  else if (columns.filter.taps == 2)
    pick_in_windows<2, 3>(from, from_stride, columns, to);  // all that does not shrink
  else
    pick_in_windows<0, 3>(from, from_stride, columns, to);
}

void resize_by_index(const float* row, const RowFilter& columns, float* __restrict out) {
  const Filter& filter = columns.filter;
  for (int64_t x = 0; x < filter.stride; ++x) {
    const float* const from = row + filter.first[static_cast<size_t>(x)];
    float sum = kHalf;
    for (int64_t k = 0; k < filter.taps; ++k)
      sum += filter.weights[static_cast<size_t>(k * filter.stride + x)] * from[k];
    out[x] = sum;
  }
}

// out[i] = sum over k of weights[k] * rows[k][offset + i], cut off; at most 255.5. sums: room for `count`.
DHA_CPU_CLONES void blend_rows(const float* const* rows, int64_t offset, const float* weights, int64_t taps,
                               int64_t count, float* __restrict sums, uint8_t* __restrict out) {
  const float* const first = rows[0] + offset;
  if (taps == 2) {
    const float* const second = rows[1] + offset;
    for (int64_t i = 0; i < count; ++i)
      out[i] = static_cast<uint8_t>(static_cast<int>(weights[0] * first[i] + weights[1] * second[i]));
    return;
  }
  for (int64_t i = 0; i < count; ++i) sums[i] = weights[0] * first[i];
  for (int64_t k = 1; k < taps; ++k) {
    const float* const row = rows[k] + offset;
    const float weight = weights[k];
    for (int64_t i = 0; i < count; ++i) sums[i] += weight * row[i];
  }
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(static_cast<int>(sums[i]));
}

// The rows of a block, resized along themselves, as planes of floats; as many of them as one output row reads.
class ResizedRows {
 public:
  ResizedRows(const PixelBlock& block, const RowFilter& columns, int64_t taps)
      : block_(block),
        columns_(columns),
        taps_(taps),
        input_stride_(block.width + columns.filter.taps + kWindow),  // behind a plane, a whole window of zeros
        input_(static_cast<size_t>(block.channels * input_stride_)),
        values_(static_cast<size_t>(taps * size())),
        rows_(static_cast<size_t>(taps)) {}

  // The rows from `first` on; `first` does not decrease from call to call. Rows behind the last one are the last one.
  const float* const* from(int64_t first) {
    for (next_ = std::max(next_, first); next_ < std::min(first + taps_, block_.height); ++next_) resize(next_);
    for (int64_t k = 0; k < taps_; ++k) rows_[static_cast<size_t>(k)] = place(std::min(first + k, block_.height - 1));
    return rows_.data();
  }

 private:
  int64_t size() const { return block_.channels * columns_.filter.stride; }
  float* place(int64_t row) { return &values_[static_cast<size_t>(row % taps_ * size())]; }

  void resize(int64_t row) {
    to_planes(block_.row(row), block_.width, block_.channels, input_.data(), input_stride_);
    if (columns_.fits) {
      resize_in_windows(input_.data(), input_stride_, block_.channels, columns_, place(row));
      return;
    }
    for (int64_t channel = 0; channel < block_.channels; ++channel)
      resize_by_index(&input_[static_cast<size_t>(channel * input_stride_)], columns_,
                      place(row) + channel * columns_.filter.stride);
  }

  const PixelBlock& block_;
  const RowFilter& columns_;
  int64_t taps_, input_stride_, next_ = 0;
  std::vector<float> input_, values_;
  std::vector<const float*> rows_;
};

}  // namespace

void resize_bilinear(const PixelBlock& block, int64_t height, int64_t width, bool flip, uint8_t* pixels) {
  const Filter rows = triangle_filter(block.height, block.crop_top, block.crop_height, height, false);
  const RowFilter columns(triangle_filter(block.width, block.crop_left, block.crop_width, width, flip));
  ResizedRows resized(block, columns, rows.taps);
  std::vector<float> weights(static_cast<size_t>(rows.taps)), sums(static_cast<size_t>(width));
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t k = 0; k < rows.taps; ++k)
      weights[static_cast<size_t>(k)] = rows.weights[static_cast<size_t>(k * rows.stride + y)];
    const float* const* const inputs = resized.from(rows.first[static_cast<size_t>(y)]);
    for (int64_t channel = 0; channel < block.channels; ++channel)
      blend_rows(inputs, channel * columns.filter.stride, weights.data(), rows.taps, width, sums.data(),
                 pixels + (channel * height + y) * width);
  }
}

}  // namespace dha::datasets
