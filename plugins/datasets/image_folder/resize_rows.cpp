#include "image_folder/resize_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#if defined(__x86_64__) && defined(__GNUC__)
#define DHA_HAS_AVX2_CODE 1
#include <immintrin.h>
#endif

namespace dha::datasets {

namespace {

// Half a level, by which a value is rounded where it is cut off.
constexpr int16_t kHalf = 1 << (kValueBits - 1);

// A weight as a share of 2^15.
int16_t whole_share(float weight) { return static_cast<int16_t>(std::min(weight * 32768.0f + 0.5f, 32767.0f)); }

// a b / 2^15, rounded, where b is such a share.
constexpr int16_t part_of(int16_t a, int16_t share) { return static_cast<int16_t>(((a * share >> 14) + 1) >> 1); }

int64_t whole_vectors(int64_t count) {
  constexpr int64_t kVector = 2 * RowFilter::kLanes;
  return (count + kVector - 1) / kVector * kVector;
}

}  // namespace

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

RowFilter::RowFilter(Filter filter_given) : filter(std::move(filter_given)) {
  filter.first.resize(static_cast<size_t>(filter.stride), filter.first.back());
  const size_t count = filter.first.size();
  for (size_t lane = 0; fits && lane < count; lane += kLanes) {
    const auto [least, most] = std::minmax(filter.first[lane], filter.first[lane + kLanes - 1]);  // they are in order
    fits = most - least + filter.taps <= kWindow;
    windows.push_back(least);
    for (size_t i = lane; i < lane + kLanes; ++i) {
      constexpr uint8_t kZero = 0x80;  // what picks nothing
      places.push_back(kZero);
      places.push_back(static_cast<uint8_t>(filter.first[i] - least));
    }
  }
  if (!fits) return;
  shares.resize(filter.weights.size());
  std::transform(filter.weights.begin(), filter.weights.end(), shares.begin(), whole_share);
}

int64_t pixels_behind(const RowFilter& columns) { return columns.filter.taps + RowFilter::kWindow; }

namespace {

// Many inputs are weighed in floats: their whole shares, each rounded, may come to so much above 1 that 16 bits
// overflow.
int16_t value_of_many(const uint8_t* from, int64_t channels, const Filter& filter, int64_t x) {
  float sum = 0;
  for (int64_t k = 0; k < filter.taps; ++k)
    if (const float weight = filter.weights[static_cast<size_t>(k * filter.stride + x)]; weight != 0)  // in the row
      sum += weight * static_cast<float>(from[k * channels]);
  return static_cast<int16_t>(sum * (1 << kValueBits) + 0.5f);
}

int16_t value_of_few(const uint8_t* from, int64_t channels, const RowFilter& columns, int64_t x) {
  const auto first = static_cast<int16_t>(from[0] << kValueBits);
  int16_t value = first;
  for (int64_t k = 1; k < columns.filter.taps; ++k) {
    const int16_t share = columns.shares[static_cast<size_t>(k * columns.filter.stride + x)];
    if (share == 0) continue;  // the input may lie behind the row
    value =
        static_cast<int16_t>(value + part_of(static_cast<int16_t>((from[k * channels] << kValueBits) - first), share));
  }
  return value;
}

#ifdef DHA_HAS_AVX2_CODE

#define DHA_AVX2 __attribute__((target("avx2")))
#define DHA_ALWAYS inline __attribute__((always_inline))

// Places in three vectors of interleaved colours, of the first, second and third; 0x80 picks nothing.
struct ColourPlaces {
  alignas(16) uint8_t of[3][3][16];  // [channel][vector]
};

constexpr ColourPlaces colour_places() {
  ColourPlaces places{};
  for (int channel = 0; channel < 3; ++channel)
    for (int pixel = 0; pixel < 16; ++pixel)
      for (int vector = 0; vector < 3; ++vector) {
        const int at = 3 * pixel + channel - 16 * vector;
        places.of[channel][vector][pixel] = static_cast<uint8_t>(at >= 0 && at < 16 ? at : 0x80);
      }
  return places;
}

constexpr ColourPlaces kColourPlaces = colour_places();

template <class T>
DHA_AVX2 DHA_ALWAYS __m256i load32(const T* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

DHA_AVX2 DHA_ALWAYS __m128i load16(const uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

DHA_AVX2 void to_planes(const uint8_t* row, int64_t width, uint8_t* planes, int64_t plane_size) {
  int64_t x = 0;
  for (; x + 16 <= width; x += 16) {
    const __m128i a = load16(row + 3 * x), b = load16(row + 3 * x + 16), c = load16(row + 3 * x + 32);
    for (int channel = 0; channel < 3; ++channel) {
      const auto& places = kColourPlaces.of[channel];
      const __m128i plane =
          _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(a, load16(places[0])), _mm_shuffle_epi8(b, load16(places[1]))),
                       _mm_shuffle_epi8(c, load16(places[2])));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + channel * plane_size + x), plane);
    }
  }
  for (; x < width; ++x)
    for (int channel = 0; channel < 3; ++channel) planes[channel * plane_size + x] = row[3 * x + channel];
}

// What `places` pick of each half's window, as values.
DHA_AVX2 DHA_ALWAYS __m256i picked(__m256i windows, __m256i places) {
  return _mm256_srli_epi16(_mm256_shuffle_epi8(windows, places), 8 - kValueBits);
}

template <int kChannels>
DHA_AVX2 void resize_planes(const uint8_t* planes, int64_t plane_size, const RowFilter& columns, int16_t* to) {
  const int64_t stride = columns.filter.stride, taps = columns.filter.taps;
  const __m256i one = _mm256_set1_epi8(1);
  for (int64_t x = 0; x < stride; x += 2 * RowFilter::kLanes) {
    const int32_t* const window = columns.windows.data() + x / RowFilter::kLanes;
    __m256i places = load32(columns.places.data() + 2 * x);
    __m256i windows[kChannels], first[kChannels], value[kChannels];
    for (int channel = 0; channel < kChannels; ++channel) {
      const uint8_t* const plane = planes + channel * plane_size;
      windows[channel] = _mm256_set_m128i(load16(plane + window[1]), load16(plane + window[0]));
      first[channel] = value[channel] = picked(windows[channel], places);
    }
    for (int64_t k = 1; k < taps; ++k) {
      places = _mm256_add_epi8(places, one);  // what picks nothing goes on doing so
      const __m256i share = load32(columns.shares.data() + k * stride + x);
      for (int channel = 0; channel < kChannels; ++channel) {
        const __m256i difference = _mm256_sub_epi16(picked(windows[channel], places), first[channel]);
        value[channel] = _mm256_add_epi16(value[channel], _mm256_mulhrs_epi16(difference, share));
      }
    }
    for (int channel = 0; channel < kChannels; ++channel)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + channel * stride + x), value[channel]);
  }
}

// Sixteen values of an output row from `at` on, as levels. kTaps: of the filter, 0: as many as there are shares.
template <size_t kTaps>
DHA_AVX2 DHA_ALWAYS __m256i blended(const int16_t* const* rows, int64_t at, const std::vector<int16_t>& shares) {
  const __m256i first = load32(rows[0] + at);
  __m256i sum = _mm256_add_epi16(first, _mm256_set1_epi16(kHalf));
  const size_t taps = kTaps > 0 ? kTaps : shares.size();
  for (size_t k = 1; k < taps; ++k) {
    const __m256i difference = _mm256_sub_epi16(load32(rows[k] + at), first);
    sum = _mm256_add_epi16(sum, _mm256_mulhrs_epi16(difference, _mm256_set1_epi16(shares[k])));
  }
  return _mm256_srai_epi16(sum, kValueBits);
}

// Whole vectors of an output row; returns how many pixels that is.
template <size_t kTaps>
DHA_AVX2 int64_t blend_vectors(const int16_t* const* rows, int64_t offset, const std::vector<int16_t>& shares,
                               int64_t count, uint8_t* out) {
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i low = blended<kTaps>(rows, offset + i, shares), high = blended<kTaps>(rows, offset + i + 16, shares);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), packed);
  }
  return i;
}

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

#endif

}  // namespace

void resize_row_by_index(const uint8_t* row, int64_t channels, const RowFilter& columns, int16_t* to) {
  const Filter& filter = columns.filter;
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t x = 0; x < filter.stride; ++x) {
      const uint8_t* const from = row + filter.first[static_cast<size_t>(x)] * channels + channel;
      to[channel * filter.stride + x] =
          columns.fits ? value_of_few(from, channels, columns, x) : value_of_many(from, channels, filter, x);
    }
}

void resize_row(const uint8_t* row, int64_t width, int64_t channels, const RowFilter& columns, uint8_t* planes,
                int16_t* to) {
#ifdef DHA_HAS_AVX2_CODE
  if (has_avx2() && columns.fits) {
    const int64_t plane_size = width + pixels_behind(columns);
    if (channels == 3) {
      to_planes(row, width, planes, plane_size);
      resize_planes<3>(planes, plane_size, columns, to);
    } else {
      std::memcpy(planes, row, static_cast<size_t>(width));
      resize_planes<1>(planes, plane_size, columns, to);
    }
    return;
  }
#endif
  resize_row_by_index(row, channels, columns, to);
}

RowBlend::RowBlend(int64_t taps) : weights_(static_cast<size_t>(taps)), shares_(weights_.size()) {}

void RowBlend::set_weights(const Filter& rows, int64_t y) {
  for (size_t k = 0; k < weights_.size(); ++k) {
    weights_[k] = rows.weights[k * static_cast<size_t>(rows.stride) + static_cast<size_t>(y)];
    shares_[k] = whole_share(weights_[k]);
  }
}

void RowBlend::operator()(const int16_t* const* rows, int64_t offset, int64_t count, uint8_t* out) const {
  int64_t begin = 0;
#ifdef DHA_HAS_AVX2_CODE
  if (has_avx2() && is_of_few())
    begin = shares_.size() == 2 ? blend_vectors<2>(rows, offset, shares_, count, out)  // all that does not shrink
                                : blend_vectors<0>(rows, offset, shares_, count, out);
#endif
  by_index(rows, offset, begin, count, out);
}

void RowBlend::by_index(const int16_t* const* rows, int64_t offset, int64_t begin, int64_t end, uint8_t* out) const {
  for (int64_t i = begin; i < end; ++i)
    out[i] = static_cast<uint8_t>(is_of_few() ? level_of_few(rows, offset + i) : level_of_many(rows, offset + i));
}

int RowBlend::level_of_few(const int16_t* const* rows, int64_t at) const {
  const int16_t first = rows[0][at];
  auto sum = static_cast<int16_t>(first + kHalf);
  for (size_t k = 1; k < shares_.size(); ++k)
    sum = static_cast<int16_t>(sum + part_of(static_cast<int16_t>(rows[k][at] - first), shares_[k]));
  return sum >> kValueBits;
}

int RowBlend::level_of_many(const int16_t* const* rows, int64_t at) const {
  float sum = kHalf;
  for (size_t k = 0; k < weights_.size(); ++k) sum += weights_[k] * static_cast<float>(rows[k][at]);
  return static_cast<int>(sum) >> kValueBits;
}

}  // namespace dha::datasets
