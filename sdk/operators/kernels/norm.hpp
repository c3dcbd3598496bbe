// Kernels of batch norm, and of reading and writing pixels through ReLU and a batch norm's affine map.
#pragma once

#include "kernels.hpp"
#include "vector.hpp"

namespace dha::ops::DHA_OPERATORS_ISA {

// The affine map and ReLU of a prologue for the channels that `lanes` covers.
template <class T, bool kAffine>
class Map {
 public:
  DHA_OPERATORS_INLINE Map(const Prologue<T>& prologue, int64_t channel, const Lanes<T>& lanes)
      : rectify_(prologue.rectify) {
    if constexpr (kAffine) {
      mean_ = lanes.load(prologue.mean + channel);
      scale_ = lanes.load(prologue.scale + channel);
      shift_ = lanes.load(prologue.shift + channel);
    }
  }

  DHA_OPERATORS_INLINE Vector<T> affine(Vector<T> x) const {
    if constexpr (kAffine) return (x - mean_) * scale_ + shift_;
    return x;
  }
  DHA_OPERATORS_INLINE Vector<T> operator()(Vector<T> x) const {
    return rectify_ ? rectified<T>(affine(x)) : affine(x);
  }
  DHA_OPERATORS_INLINE Vector<T> gradient(Vector<T> gradient, Vector<T> x) const {
    return rectify_ ? rectified_gradient<T>(gradient, affine(x)) : gradient;
  }

 private:
  bool rectify_;
  Vector<T> mean_{}, scale_{}, shift_{};
};

// Pixels that are worked on at a time, so that they stay in the nearest cache while all their channels are visited.
DHA_OPERATORS_INLINE int64_t pixels_at_a_time(int64_t channels) { return channels < 256 ? 4096 / channels : 16; }

// Calls loop(first pixel, pixels, first channel, lanes) for pieces that cover all pixels and channels.
template <class T, class Loop>
DHA_OPERATORS_INLINE void for_pieces(int64_t pixels, int64_t channels, const Loop& loop) {
  const int64_t piece = pixels_at_a_time(channels);
  for (int64_t p = 0; p < pixels; p += piece)
    for (int64_t c = 0; c < channels; c += kWidth<T>)
      loop(p, p + piece < pixels ? piece : pixels - p, c, Lanes<T>(channels - c));
}

template <class T, bool kAffine>
void gather_mapped(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* to,
                   int64_t to_ld) {
  for_pieces<T>(pixels, channels,
                [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
                  const Map<T, kAffine> map(prologue, c, lanes);
                  for (int64_t p = first; p < first + count; ++p)
                    store(to + p * to_ld + c, map(lanes.load(from + p * from_ld + c)));
                });
}

template <class T>
void gather(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* to,
            int64_t to_ld) {
  const auto run = prologue.scale == nullptr ? gather_mapped<T, false> : gather_mapped<T, true>;
  run(from, from_ld, pixels, channels, prologue, to, to_ld);
}

// Stores a vector, or adds it.
template <bool kAccumulate, class T>
DHA_OPERATORS_INLINE void put(const Lanes<T>& lanes, T* to, Vector<T> value) {
  lanes.store(to, kAccumulate ? lanes.load(to) + value : value);
}

template <class T, bool kAffine, bool kAccumulate>
void scatter_mapped(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue,
                    const T* x, int64_t x_ld, T* to, int64_t to_ld) {
  for_pieces<T>(
      pixels, channels, [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
        const Map<T, kAffine> map(prologue, c, lanes);
        for (int64_t p = first; p < first + count; ++p) {
          const Vector<T> gradient = lanes.load(from + p * from_ld + c);
          put<kAccumulate>(lanes, to + p * to_ld + c,
                           prologue.rectify ? map.gradient(gradient, lanes.load(x + p * x_ld + c)) : gradient);
        }
      });
}

template <class T>
void scatter(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue, const T* x,
             int64_t x_ld, T* to, int64_t to_ld, bool accumulate) {
  const auto run = prologue.scale == nullptr
                       ? (accumulate ? scatter_mapped<T, false, true> : scatter_mapped<T, false, false>)
                       : (accumulate ? scatter_mapped<T, true, true> : scatter_mapped<T, true, false>);
  run(from, from_ld, pixels, channels, prologue, x, x_ld, to, to_ld);
}

template <class T, bool kAffine>
void normalize_mapped(const T* x, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* y) {
  for_pieces<T>(pixels, channels,
                [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
                  const Map<T, kAffine> map(prologue, c, lanes);
                  for (int64_t p = first; p < first + count; ++p)
                    lanes.store(y + p * channels + c, map(lanes.load(x + p * channels + c)));
                });
}

template <class T>
void normalize(const T* x, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* y) {
  const auto run = prologue.scale == nullptr ? normalize_mapped<T, false> : normalize_mapped<T, true>;
  run(x, pixels, channels, prologue, y);
}

// Adds term(pixel) of all pixels from `first` on to `sum`, by four sums in turn so that additions do not wait.
template <class T, class Term>
DHA_OPERATORS_INLINE void add_terms(int64_t first, int64_t count, const Lanes<T>& lanes, T* sum, const Term& term) {
  Vector<T> sums[4] = {};
  int64_t p = first;
  for (; p + 4 <= first + count; p += 4)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sums[i] += term(p + i);
  for (; p < first + count; ++p) sums[0] += term(p);
  lanes.store(sum, lanes.load(sum) + ((sums[0] + sums[1]) + (sums[2] + sums[3])));
}

template <class T>
void moments(const T* x, int64_t pixels, int64_t channels, T* mean, T* squares) {
  for (int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = 0;
  for_pieces<T>(pixels, channels,
                [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
                  add_terms<T>(first, count, lanes, mean + c,
                               [&](int64_t p) DHA_OPERATORS_LAMBDA { return lanes.load(x + p * channels + c); });
                });
  for (int64_t c = 0; c < channels; ++c) mean[c] /= static_cast<T>(pixels);
  for_pieces<T>(pixels, channels,
                [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
                  const Vector<T> centre = lanes.load(mean + c);
                  add_terms<T>(first, count, lanes, squares + c, [&](int64_t p) DHA_OPERATORS_LAMBDA {
                    const Vector<T> distance = lanes.load(x + p * channels + c) - centre;
                    return distance * distance;
                  });
                });
}

template <class T>
void gradient_sums(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels, const T* mean,
                   T* sum, T* product) {
  for (int64_t c = 0; c < channels; ++c) sum[c] = product[c] = 0;
  for_pieces<T>(pixels, channels,
                [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
                  const Vector<T> centre = lanes.load(mean + c);
                  Vector<T> sums[2] = {}, products[2] = {};
                  const auto add = [&](int64_t p, int i) DHA_OPERATORS_LAMBDA {
                    const Vector<T> g = lanes.load(gradient + p * gradient_ld + c);
                    sums[i] += g;
                    products[i] += g * (lanes.load(x + p * channels + c) - centre);
                  };
                  int64_t p = first;
                  for (; p + 2 <= first + count; p += 2) {
                    add(p, 0);
                    add(p + 1, 1);
                  }
                  if (p < first + count) add(p, 0);
                  lanes.store(sum + c, lanes.load(sum + c) + (sums[0] + sums[1]));
                  lanes.store(product + c, lanes.load(product + c) + (products[0] + products[1]));
                });
}

template <class T, bool kAccumulate>
void put_norm_gradient(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels,
                       const NormGradient<T>& coefficients, T* to, int64_t to_ld) {
  for_pieces<T>(
      pixels, channels, [&](int64_t first, int64_t count, int64_t c, const Lanes<T>& lanes) DHA_OPERATORS_LAMBDA {
        const Vector<T> slope = lanes.load(coefficients.slope + c), curve = lanes.load(coefficients.curve + c),
                        offset = lanes.load(coefficients.offset + c), mean = lanes.load(coefficients.mean + c);
        for (int64_t p = first; p < first + count; ++p)
          put<kAccumulate>(lanes, to + p * to_ld + c,
                           slope * lanes.load(gradient + p * gradient_ld + c) +
                               (curve * (lanes.load(x + p * channels + c) - mean) + offset));
      });
}

template <class T>
void norm_gradient(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels,
                   const NormGradient<T>& coefficients, T* to, int64_t to_ld, bool accumulate) {
  const auto run = accumulate ? put_norm_gradient<T, true> : put_norm_gradient<T, false>;
  run(gradient, gradient_ld, x, pixels, channels, coefficients, to, to_ld);
}

}  // namespace dha::ops::DHA_OPERATORS_ISA
