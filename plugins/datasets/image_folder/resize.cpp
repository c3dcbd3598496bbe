// Compiled without contraction of products and sums: the same bits on all CPUs.
#include "image_folder/resize.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image_folder/resize_rows.hpp"

namespace dha::datasets {

namespace {

// The rows of a block, resized along themselves, as planes of values; as many of them as one output row reads.
class ResizedRows {
 public:
  ResizedRows(const PixelBlock& block, const RowFilter& columns, int64_t taps)
      : block_(block),
        columns_(columns),
        taps_(taps),
        planes_(static_cast<size_t>(block.channels * (block.width + pixels_behind(columns)))),
        values_(static_cast<size_t>(taps * size())),
        rows_(static_cast<size_t>(taps)) {}

  // The rows from `first` on; `first` does not decrease from call to call. Rows behind the last one are the last one.
  const int16_t* const* from(int64_t first) {
    for (next_ = std::max(next_, first); next_ < std::min(first + taps_, block_.height); ++next_)
      resize_row(block_.row(next_), block_.width, block_.channels, columns_, planes_.data(), place(next_));
    for (int64_t k = 0; k < taps_; ++k) rows_[static_cast<size_t>(k)] = place(std::min(first + k, block_.height - 1));
    return rows_.data();
  }

 private:
  int64_t size() const { return block_.channels * columns_.filter.stride; }
  int16_t* place(int64_t row) { return &values_[static_cast<size_t>(row % taps_ * size())]; }

  const PixelBlock& block_;
  const RowFilter& columns_;
  int64_t taps_, next_ = 0;
  std::vector<uint8_t> planes_;
  std::vector<int16_t> values_;
  std::vector<const int16_t*> rows_;
};

}  // namespace

void resize_bilinear(const PixelBlock& block, int64_t height, int64_t width, bool flip, uint8_t* pixels) {
  const Filter rows = triangle_filter(block.height, block.crop_top, block.crop_height, height, false);
  const RowFilter columns(triangle_filter(block.width, block.crop_left, block.crop_width, width, flip));
  ResizedRows resized(block, columns, rows.taps);
  RowBlend blend(rows.taps);
  for (int64_t y = 0; y < height; ++y) {
    blend.set_weights(rows, y);
    const int16_t* const* const inputs = resized.from(rows.first[static_cast<size_t>(y)]);
    for (int64_t channel = 0; channel < block.channels; ++channel)
      blend(inputs, channel * columns.filter.stride, width, pixels + (channel * height + y) * width);
  }
}

}  // namespace dha::datasets
