// Compiled without contraction of products and sums, for several generations of CPU: the same bits on all of them.
#include "image_folder/resize.hpp"

#include <algorithm>
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
using Bytes = uint8_t __attribute__((vector_size(kLanes)));

int64_t whole_vectors(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

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
  const double support = std::max(scale, 1.0);
  Filter filter;
  filter.stride = whole_vectors(outputs);
  filter.first.resize(static_cast<size_t>(outputs));
  filter.weights.resize(static_cast<size_t>((static_cast<int64_t>(std::ceil(support)) * 2 + 1) * filter.stride));
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t place = reversed ? outputs - 1 - i : i;
    const double centre = start + (static_cast<double>(i) + 0.5) * scale;
    const auto least = std::clamp<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0, inputs - 1);
    const auto limit = std::clamp<int64_t>(static_cast<int64_t>(centre + support + 0.5), least + 1, inputs);
    const auto weight = [&](int64_t k) {
      return std::max(0.0, 1 - std::abs(static_cast<double>(k) + 0.5 - centre) / support);
    };
    double sum = 0;
    for (int64_t k = least; k < limit; ++k) sum += weight(k);
    for (int64_t k = least; k < limit; ++k)
      filter.weights[static_cast<size_t>((k - least) * filter.stride + place)] = static_cast<float>(weight(k) / sum);
    filter.first[static_cast<size_t>(place)] = static_cast<int32_t>(least);
    filter.taps = std::max(filter.taps, limit - least);
  }
  return filter;
}

// A filter along rows, kLanes outputs at a time: the inputs of those lie in a window where the scale allows it.
struct RowFilter {
  explicit RowFilter(Filter filter_given) : filter(std::move(filter_given)) {
    filter.first.resize(static_cast<size_t>(filter.stride), filter.first.back());
    for (auto lanes = filter.first.begin(); lanes != filter.first.end(); lanes += kLanes) {
      const auto [least, most] = std::minmax_element(lanes, lanes + kLanes);
      fits = fits && *most - *least + filter.taps <= kWindow;
      windows.push_back(*least);
      for (auto lane = lanes; lane != lanes + kLanes; ++lane) offsets.push_back(*lane - *least);
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
  float* __restrict const red = planes;
  float* __restrict const green = planes + stride;
  float* __restrict const blue = planes + 2 * stride;
  for (int64_t x = 0; x < width; ++x) {
    red[x] = static_cast<float>(row[3 * x]);
    green[x] = static_cast<float>(row[3 * x + 1]);
    blue[x] = static_cast<float>(row[3 * x + 2]);
  }
}

// out[i] = sum over k of weights[k] * rows[k][i].
DHA_CPU_CLONES void blend_rows(const float* const* rows, const float* weights, int64_t taps, int64_t count,
                               float* __restrict out) {
  if (taps == 2) {
    const float* const upper = rows[0];
    const float* const lower = rows[1];
    for (int64_t i = 0; i < count; ++i) out[i] = weights[0] * upper[i] + weights[1] * lower[i];
    return;
  }
  for (int64_t i = 0; i < count; ++i) out[i] = weights[0] * rows[0][i];
  for (int64_t k = 1; k < taps; ++k) {
    const float* const row = rows[k];
    const float weight = weights[k];
    for (int64_t i = 0; i < count; ++i) out[i] += weight * row[i];
  }
}

// A row under a filter whose windows fit: the inputs of eight outputs are picked out of two vectors. kTaps: of the
// filter, 0: what it says.
template <int kTaps>
inline __attribute__((always_inline)) void pick_in_windows(const float* row, const RowFilter& columns,
                                                           uint8_t* __restrict out) {
  const int64_t stride = columns.filter.stride, taps = kTaps > 0 ? kTaps : columns.filter.taps;
  const int32_t* const windows = columns.windows.data();
  const int32_t* const offsets = columns.offsets.data();
  const float* const weights = columns.filter.weights.data();
  for (int64_t x = 0; x < stride; x += kLanes) {
    const float* const window = row + windows[x / kLanes];
    Floats low, high, weight;
    Ints lanes;
    std::memcpy(&low, window, sizeof low);
    std::memcpy(&high, window + kLanes, sizeof high);
    std::memcpy(&lanes, offsets + x, sizeof lanes);
    std::memcpy(&weight, weights + x, sizeof weight);
    Floats sum = weight * __builtin_shuffle(low, high, lanes);
    for (int64_t k = 1; k < taps; ++k) {
      std::memcpy(&weight, weights + k * stride + x, sizeof weight);
      sum += weight * __builtin_shuffle(low, high, lanes + static_cast<int32_t>(k));
    }
    sum += 0.5f;
    const Bytes rounded = __builtin_convertvector(__builtin_convertvector(sum, Ints), Bytes);  // at most 255.5, cut off
    std::memcpy(out + x, &rounded, sizeof rounded);
  }
}

DHA_CPU_CLONES void resize_in_windows(const float* row, const RowFilter& columns, uint8_t* __restrict out) {
  if (columns.filter.taps == 2)
    pick_in_windows<2>(row, columns, out);  // all that does not shrink
  else
    pick_in_windows<0>(row, columns, out);
}

void resize_by_index(const float* row, const RowFilter& columns, uint8_t* __restrict out) {
  const Filter& filter = columns.filter;
  for (int64_t x = 0; x < filter.stride; ++x) {
    const float* const from = row + filter.first[static_cast<size_t>(x)];
    float sum = 0;
    for (int64_t k = 0; k < filter.taps; ++k)
      sum += filter.weights[static_cast<size_t>(k * filter.stride + x)] * from[k];
    out[x] = static_cast<uint8_t>(static_cast<int>(sum + 0.5f));
  }
}

// The rows of a block as planes of floats, as many as one output row reads. Behind each plane there is room for a whole
// window, of zeros, and as much as leaves nothing over for the widest vectors.
class FloatRows {
 public:
  FloatRows(const PixelBlock& block, int64_t taps)
      : block_(block),
        taps_(taps),
        stride_((block.width + taps + 2 * kWindow) / kWindow * kWindow),
        values_(static_cast<size_t>(taps * block.channels * stride_)),
        rows_(static_cast<size_t>(taps)) {}

  int64_t stride() const { return stride_; }
  int64_t size() const { return block_.channels * stride_; }

  // The rows from `first` on; `first` does not decrease from call to call. Rows behind the last one are the last one.
  const float* const* from(int64_t first) {
    for (next_ = std::max(next_, first); next_ < std::min(first + taps_, block_.height); ++next_)
      to_planes(block_.row(next_), block_.width, block_.channels, place(next_), stride_);
    for (int64_t k = 0; k < taps_; ++k) rows_[static_cast<size_t>(k)] = place(std::min(first + k, block_.height - 1));
    return rows_.data();
  }

 private:
  float* place(int64_t row) { return &values_[static_cast<size_t>(row % taps_ * size())]; }

  const PixelBlock& block_;
  int64_t taps_, stride_, next_ = 0;
  std::vector<float> values_;
  std::vector<const float*> rows_;
};

}  // namespace

void resize_bilinear(const PixelBlock& block, int64_t height, int64_t width, bool flip, uint8_t* pixels) {
  const Filter rows = triangle_filter(block.height, block.crop_top, block.crop_height, height, false);
  const RowFilter columns(triangle_filter(block.width, block.crop_left, block.crop_width, width, flip));
  FloatRows inputs(block, rows.taps);
  std::vector<float> blended(static_cast<size_t>(inputs.size())), weights(static_cast<size_t>(rows.taps));
  std::vector<uint8_t> resized(static_cast<size_t>(columns.filter.stride));  // with room for whole vectors
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t k = 0; k < rows.taps; ++k)
      weights[static_cast<size_t>(k)] = rows.weights[static_cast<size_t>(k * rows.stride + y)];
    blend_rows(inputs.from(rows.first[static_cast<size_t>(y)]), weights.data(), rows.taps, inputs.size(),
               blended.data());
    for (int64_t channel = 0; channel < block.channels; ++channel) {
      const float* const plane = &blended[static_cast<size_t>(channel * inputs.stride())];
      if (columns.fits)
        resize_in_windows(plane, columns, resized.data());
      else
        resize_by_index(plane, columns, resized.data());
      std::copy_n(resized.data(), width, pixels + (channel * height + y) * width);
    }
  }
}

}  // namespace dha::datasets
