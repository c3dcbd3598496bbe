// The two halves of a resize: a row of interleaved pixels resized along itself, as planes of 16-bit values, and rows of
// values blended to one of pixels.
//
// Whole numbers, so that every CPU comes to the same bits. A value is a multiple of 1/128 of a level, which leaves
// differences of values no wider than 16 bits. An output is its first input plus weighted differences to it, so that a
// constant stays what it is.
#pragma once

#include <cstdint>
#include <vector>

namespace dha::datasets {

// The weighted input samples of each output sample along one axis.
struct Filter {
  std::vector<int32_t> first;    // (outputs), index of the first input
  std::vector<float> weights;    // (taps, stride), zero beyond an output's inputs
  int64_t taps = 0, stride = 0;  // most inputs of an output; outputs rounded up to whole vectors
};

// Triangle filter for `outputs` samples of the part [start, start + extent) of `inputs` samples. Output i has its
// centre at c = start + (i + 1/2) s with s = extent / outputs; input k at k + 1/2 weighs 1 - |k + 1/2 - c| / max(s, 1).
// `reversed`: the last output comes first.
Filter triangle_filter(int64_t inputs, double start, double extent, int64_t outputs, bool reversed);

inline constexpr int kValueBits = 7;  // of a value, below a level

// A filter for rows, made ready. Eight neighbouring outputs have their inputs in a window of 16 where the scale allows.
struct RowFilter {
  static constexpr int64_t kLanes = 8, kWindow = 16;

  // `filter`: its stride is a multiple of 2 kLanes.
  explicit RowFilter(Filter filter);

  Filter filter;
  bool fits = true;              // whether the inputs lie in windows; what follows is empty or partial where not
  std::vector<int32_t> windows;  // (stride / kLanes), the first input of each window
  std::vector<uint8_t> places;   // (stride, 2): what picks an output's first input as the upper byte of a word
  std::vector<int16_t> shares;   // (taps, stride)
};

// How many pixels behind a row's own may be read of each plane.
int64_t pixels_behind(const RowFilter& columns);

// row: `width` interleaved pixels of 1 or 3 channels. planes: room for the row's, each width + pixels_behind() long.
// to: int16 (channels, stride of the filter).
void resize_row(const uint8_t* row, int64_t width, int64_t channels, const RowFilter& columns, uint8_t* planes,
                int16_t* to);

// The same without vectors: what CPUs do that lack those of AVX2.
void resize_row_by_index(const uint8_t* row, int64_t channels, const RowFilter& columns, int16_t* to);

// Makes an output row of the input rows that its weights are for.
class RowBlend {
 public:
  explicit RowBlend(int64_t taps);

  // Those of output `y` of a filter with as many taps.
  void set_weights(const Filter& rows, int64_t y);

  // out[i] = sum over k of weights[k] * rows[k][offset + i], rounded to a level, for i below `count`.
  void operator()(const int16_t* const* rows, int64_t offset, int64_t count, uint8_t* out) const;

  // The same without vectors, for i from `begin` to `end`.
  void by_index(const int16_t* const* rows, int64_t offset, int64_t begin, int64_t end, uint8_t* out) const;

 private:
  bool is_of_few() const { return shares_.size() <= RowFilter::kWindow; }
  int level_of_few(const int16_t* const* rows, int64_t at) const;
  int level_of_many(const int16_t* const* rows, int64_t at) const;

  std::vector<float> weights_;
  std::vector<int16_t> shares_;  // the same of 2^15
};

}  // namespace dha::datasets
