// Kernels of depthwise convolution and of matrix products.
#pragma once

#include "kernels.hpp"
#include "vector.hpp"

namespace dha::ops::DHA_OPERATORS_ISA {

// kColumns neighbouring pixels of kWidth channels.
template <class T, int kColumns>
DHA_OPERATORS_INLINE void depthwise_tile(const T* from, int64_t row, const T* weight, const Window& window, int64_t ld,
                                         T* to) {
  Vector<T> sum[kColumns] = {};
  const int64_t step = window.stride[1] * ld;
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
    const T* tap = from + ky * window.dilation[0] * row;
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
      const Vector<T> factor = load(weight);
#pragma GCC unroll 8
      for (int j = 0; j < kColumns; ++j) sum[j] += factor * load(tap + j * step);
      weight += ld;
      tap += window.dilation[1] * ld;
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < kColumns; ++j) store(to + j * ld, sum[j]);
}

template <class T>
void depthwise_row(const T* from, int64_t row, const T* weight, const Window& window, int64_t columns, int64_t ld,
                   T* to) {
  const int64_t step = window.stride[1] * ld;
  for (int64_t c = 0; c < ld; c += kWidth<T>) {
    int64_t j = 0;
    for (; j + 8 <= columns; j += 8)
      depthwise_tile<T, 8>(from + j * step + c, row, weight + c, window, ld, to + j * ld + c);
    for (; j + 4 <= columns; j += 4)
      depthwise_tile<T, 4>(from + j * step + c, row, weight + c, window, ld, to + j * ld + c);
    for (; j < columns; ++j) depthwise_tile<T, 1>(from + j * step + c, row, weight + c, window, ld, to + j * ld + c);
  }
}

// kTaps neighbouring taps of one row of the kernel, two sums each so that additions do not wait for each other.
template <class T, int kTaps>
DHA_OPERATORS_INLINE void depthwise_weight_tile(const T* from, const T* gradient, int64_t gradient_ld, int64_t step,
                                                int64_t tap_step, int64_t columns, int64_t ld, T* weight_gradient) {
  Vector<T> even[kTaps] = {}, odd[kTaps] = {};
  int64_t j = 0;
  for (; j + 2 <= columns; j += 2) {
    const Vector<T> first = load(gradient + j * gradient_ld), second = load(gradient + (j + 1) * gradient_ld);
    const T* x = from + j * step;
#pragma GCC unroll 4
    for (int k = 0; k < kTaps; ++k) {
      even[k] += first * load(x + k * tap_step);
      odd[k] += second * load(x + step + k * tap_step);
    }
  }
  if (j < columns) {
    const Vector<T> last = load(gradient + j * gradient_ld);
#pragma GCC unroll 4
    for (int k = 0; k < kTaps; ++k) even[k] += last * load(from + j * step + k * tap_step);
  }
#pragma GCC unroll 4
  for (int k = 0; k < kTaps; ++k) store(weight_gradient + k * ld, load(weight_gradient + k * ld) + (even[k] + odd[k]));
}

template <class T>
void depthwise_weight_row(const T* from, int64_t row, const T* gradient, int64_t gradient_ld, const Window& window,
                          int64_t columns, int64_t ld, T* weight_gradient) {
  const int64_t step = window.stride[1] * ld, tap_step = window.dilation[1] * ld;
  for (int64_t c = 0; c < ld; c += kWidth<T>)
    for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
      const T* line = from + ky * window.dilation[0] * row + c;
      T* sums = weight_gradient + ky * window.kernel[1] * ld + c;
      int64_t kx = 0;
      for (; kx + 3 <= window.kernel[1]; kx += 3)
        depthwise_weight_tile<T, 3>(line + kx * tap_step, gradient + c, gradient_ld, step, tap_step, columns, ld,
                                    sums + kx * ld);
      for (; kx < window.kernel[1]; ++kx)
        depthwise_weight_tile<T, 1>(line + kx * tap_step, gradient + c, gradient_ld, step, tap_step, columns, ld,
                                    sums + kx * ld);
    }
}

template <class T, int kRows, int kVectors>
DHA_OPERATORS_INLINE void multiply_tile(int64_t depth, const T* a, int64_t a_row, int64_t a_step, const T* b,
                                        int64_t b_ld, const Lanes<T>& last, T* c, int64_t c_ld, bool accumulate) {
  Vector<T> sum[kRows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector<T> line[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      line[v] = v + 1 < kVectors ? load(b + v * kWidth<T>) : last.load(b + v * kWidth<T>);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] += line[v] * a[i * a_row];
    a += a_step;
    b += b_ld;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const Lanes<T> lanes = v + 1 < kVectors ? Lanes<T>(kWidth<T>) : last;
      T* to = c + i * c_ld + v * kWidth<T>;
      lanes.store(to, accumulate ? lanes.load(to) + sum[i][v] : sum[i][v]);
    }
}

template <class T, int kVectors>
DHA_OPERATORS_INLINE void multiply_columns(int64_t rows, int64_t depth, const T* a, int64_t a_row, int64_t a_step,
                                           const T* b, int64_t b_ld, const Lanes<T>& last, T* c, int64_t c_ld,
                                           bool accumulate) {
  int64_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows)
    multiply_tile<T, kTileRows, kVectors>(depth, a + i * a_row, a_row, a_step, b, b_ld, last, c + i * c_ld, c_ld,
                                          accumulate);
  for (; i + 2 <= rows; i += 2)
    multiply_tile<T, 2, kVectors>(depth, a + i * a_row, a_row, a_step, b, b_ld, last, c + i * c_ld, c_ld, accumulate);
  for (; i < rows; ++i)
    multiply_tile<T, 1, kVectors>(depth, a + i * a_row, a_row, a_step, b, b_ld, last, c + i * c_ld, c_ld, accumulate);
}

template <class T>
void multiply(int64_t rows, int64_t columns, int64_t depth, const T* a, int64_t a_row, int64_t a_step, const T* b,
              int64_t b_ld, T* c, int64_t c_ld, bool accumulate) {
  int64_t j = 0;
  for (; j + kWidth<T> < columns; j += 2 * kWidth<T>)
    multiply_columns<T, 2>(rows, depth, a, a_row, a_step, b + j, b_ld, Lanes<T>(columns - j - kWidth<T>), c + j, c_ld,
                           accumulate);
  for (; j < columns; j += kWidth<T>)
    multiply_columns<T, 1>(rows, depth, a, a_row, a_step, b + j, b_ld, Lanes<T>(columns - j), c + j, c_ld, accumulate);
}

}  // namespace dha::ops::DHA_OPERATORS_ISA
