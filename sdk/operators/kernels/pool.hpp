// Kernels of max and average pooling.
#pragma once

#include "kernels.hpp"
#include "vector.hpp"

namespace dha::ops::DHA_OPERATORS_ISA {

// The taps of a window that lie within the image along one axis.
struct Taps {
  int64_t begin, end, start;  // start: the position of tap 0, perhaps outside

  DHA_OPERATORS_INLINE Taps(const Window& window, int axis, int64_t output, int64_t side)
      : begin(0), end(window.kernel[axis]), start(output * window.stride[axis] - window.padding[axis]) {
    const int64_t dilation = window.dilation[axis];
    while (begin < end && start + begin * dilation < 0) ++begin;
    while (end > begin && start + (end - 1) * dilation >= side) --end;
  }
};

// Calls visit(tap, offset of the tap's pixel) for the taps within the image.
template <class Visit>
DHA_OPERATORS_INLINE void for_taps(const Taps& rows, const Taps& columns, const Window& window, int64_t width,
                                   int64_t ld, const Visit& visit) {
  for (int64_t ky = rows.begin; ky < rows.end; ++ky)
    for (int64_t kx = columns.begin; kx < columns.end; ++kx)
      visit(ky * window.kernel[1] + kx,
            ((rows.start + ky * window.dilation[0]) * width + columns.start + kx * window.dilation[1]) * ld);
}

template <class T>
void max_pool_row(const T* image, int64_t height, int64_t width, int64_t channels, const Window& window,
                  int64_t output_row, int64_t columns, T* to, uint8_t* tap) {
  const Taps rows(window, 0, output_row, height);
  for (int64_t j = 0; j < columns; ++j) {
    const Taps taps(window, 1, j, width);
    for (int64_t c = 0; c < channels; c += kWidth<T>) {
      const Lanes<T> lanes(channels - c);
      Vector<T> largest = Vector<T>{} - static_cast<T>(__builtin_inf());
      Integers<T> where = all<T>(rows.begin * window.kernel[1] + taps.begin);
      for_taps(rows, taps, window, width, channels, [&](int64_t k, int64_t offset) DHA_OPERATORS_LAMBDA {
        const Vector<T> value = lanes.load(image + offset + c);
        const Integers<T> better = (value > largest) | (value != value);
        largest = better ? value : largest;
        where = better ? all<T>(k) : where;
      });
      const int64_t at = j * channels + c;
      lanes.store(to + at, largest);
      lanes.store_bytes(tap + at, where);
    }
  }
}

template <class T>
void max_pool_gradient_row(const T* gradient, int64_t gradient_ld, const uint8_t* tap, int64_t height, int64_t width,
                           int64_t channels, const Window& window, int64_t output_row, int64_t columns, T* image,
                           int64_t image_ld) {
  const Taps rows(window, 0, output_row, height);
  for (int64_t j = 0; j < columns; ++j) {
    const Taps taps(window, 1, j, width);
    for (int64_t c = 0; c < channels; c += kWidth<T>) {
      const Lanes<T> lanes(channels - c);
      const Vector<T> value = lanes.load(gradient + j * gradient_ld + c);
      const Integers<T> where = lanes.load_bytes(tap + j * channels + c);
      for_taps(rows, taps, window, width, image_ld, [&](int64_t k, int64_t offset) DHA_OPERATORS_LAMBDA {
        T* pixel = image + offset + c;
        lanes.store(pixel, lanes.load(pixel) + (where == all<T>(k) ? value : Vector<T>{}));
      });
    }
  }
}

template <class T>
void average_pool_row(const T* image, int64_t height, int64_t width, int64_t channels, const Window& window,
                      int64_t output_row, int64_t columns, T* to) {
  const Taps rows(window, 0, output_row, height);
  for (int64_t j = 0; j < columns; ++j) {
    const Taps taps(window, 1, j, width);
    const T count = static_cast<T>((rows.end - rows.begin) * (taps.end - taps.begin));
    for (int64_t c = 0; c < channels; c += kWidth<T>) {
      const Lanes<T> lanes(channels - c);
      Vector<T> sum{};
      for_taps(rows, taps, window, width, channels,
               [&](int64_t, int64_t offset) DHA_OPERATORS_LAMBDA { sum += lanes.load(image + offset + c); });
      lanes.store(to + j * channels + c, sum / count);
    }
  }
}

template <class T>
void average_pool_gradient_row(const T* gradient, int64_t gradient_ld, int64_t height, int64_t width, int64_t channels,
                               const Window& window, int64_t output_row, int64_t columns, T* image, int64_t image_ld) {
  const Taps rows(window, 0, output_row, height);
  for (int64_t j = 0; j < columns; ++j) {
    const Taps taps(window, 1, j, width);
    const T count = static_cast<T>((rows.end - rows.begin) * (taps.end - taps.begin));
    for (int64_t c = 0; c < channels; c += kWidth<T>) {
      const Lanes<T> lanes(channels - c);
      const Vector<T> share = lanes.load(gradient + j * gradient_ld + c) / count;
      for_taps(rows, taps, window, width, image_ld, [&](int64_t, int64_t offset) DHA_OPERATORS_LAMBDA {
        T* pixel = image + offset + c;
        lanes.store(pixel, lanes.load(pixel) + share);
      });
    }
  }
}

}  // namespace dha::ops::DHA_OPERATORS_ISA
