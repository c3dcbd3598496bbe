#include "image_folder/resize.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace dha::datasets {

namespace {

// The weighted input samples of each output sample along one axis.
struct Filter {
  std::vector<int64_t> first;   // (outputs), index of the first input
  std::vector<int64_t> counts;  // (outputs), >= 1
  std::vector<float> weights;   // (outputs, stride)
  int64_t stride = 0;
};

// Triangle filter for `outputs` samples of the part [start, start + extent) of `inputs` samples. Output i has its
// centre at c = start + (i + 1/2) s with s = extent / outputs; input k at k + 1/2 weighs 1 - |k + 1/2 - c| / max(s, 1).
Filter triangle_filter(int64_t inputs, double start, double extent, int64_t outputs) {
  const double scale = extent / static_cast<double>(outputs);
  const double support = std::max(scale, 1.0);
  Filter filter;
  filter.stride = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  filter.first.resize(static_cast<size_t>(outputs));
  filter.counts.resize(static_cast<size_t>(outputs));
  filter.weights.resize(static_cast<size_t>(outputs * filter.stride));
  for (int64_t i = 0; i < outputs; ++i) {
    const double centre = start + (static_cast<double>(i) + 0.5) * scale;
    const auto least = std::clamp<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0, inputs - 1);
    const auto limit = std::clamp<int64_t>(static_cast<int64_t>(centre + support + 0.5), least + 1, inputs);
    float* const weights = &filter.weights[static_cast<size_t>(i * filter.stride)];
    double sum = 0;
    for (int64_t k = least; k < limit; ++k) sum += std::max(0.0, 1 - std::abs(k + 0.5 - centre) / support);
    for (int64_t k = least; k < limit; ++k)
      weights[k - least] = static_cast<float>(std::max(0.0, 1 - std::abs(k + 0.5 - centre) / support) / sum);
    filter.first[static_cast<size_t>(i)] = least;
    filter.counts[static_cast<size_t>(i)] = limit - least;
  }
  return filter;
}

// out[i] = sum over rows k of weights[k] * rows[k * stride + i], for `length` values.
void blend_rows(const uint8_t* rows, int64_t stride, const float* weights, int64_t count, int64_t length,
                float* __restrict out) {
  for (int64_t i = 0; i < length; ++i) out[i] = weights[0] * static_cast<float>(rows[i]);
  for (int64_t k = 1; k < count; ++k) {
    const uint8_t* const row = rows + k * stride;
    const float weight = weights[k];
    for (int64_t i = 0; i < length; ++i) out[i] += weight * static_cast<float>(row[i]);
  }
}

uint8_t rounded(float value) { return static_cast<uint8_t>(std::min(value + 0.5f, 255.0f)); }

// Resizes one row of `kChannels` interleaved values into one row of each plane.
template <int kChannels>
void resize_row(const float* row, const Filter& filter, int64_t width, int64_t plane, bool flip, uint8_t* out) {
  for (int64_t x = 0; x < width; ++x) {
    const float* const weights = &filter.weights[static_cast<size_t>(x * filter.stride)];
    const float* from = row + filter.first[static_cast<size_t>(x)] * kChannels;
    float sums[kChannels] = {};
    for (int64_t k = 0; k < filter.counts[static_cast<size_t>(x)]; ++k, from += kChannels)
      for (int channel = 0; channel < kChannels; ++channel) sums[channel] += weights[k] * from[channel];
    uint8_t* const to = out + (flip ? width - 1 - x : x);
    for (int channel = 0; channel < kChannels; ++channel) to[channel * plane] = rounded(sums[channel]);
  }
}

}  // namespace

void resize_bilinear(const PixelBlock& block, int64_t height, int64_t width, bool flip, uint8_t* pixels) {
  const Filter rows = triangle_filter(block.height, block.crop_top, block.crop_height, height);
  const Filter columns = triangle_filter(block.width, block.crop_left, block.crop_width, width);
  const int64_t length = block.width * block.channels;
  std::vector<float> blended(static_cast<size_t>(length));
  for (int64_t y = 0; y < height; ++y) {
    const auto at = static_cast<size_t>(y);
    blend_rows(block.row(rows.first[at]), length, &rows.weights[at * static_cast<size_t>(rows.stride)], rows.counts[at],
               length, blended.data());
    if (block.channels == 1)
      resize_row<1>(blended.data(), columns, width, height * width, flip, pixels + y * width);
    else
      resize_row<3>(blended.data(), columns, width, height * width, flip, pixels + y * width);
  }
}

}  // namespace dha::datasets
