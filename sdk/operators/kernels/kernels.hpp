// The loops over pixels and channels, without LibTorch, compiled for several instruction sets.
//
// All tensors are channels_last: the channels of a pixel are adjacent. `ld` is the distance of two pixels in elements,
// the number of channels where none is given. A padded width of channels is a multiple of the vector's. Kernels run on
// the caller's thread alone and touch only what they are given.
#pragma once

#include <stdint.h>

namespace dha::ops {

// How a kernel reads an operator's input: x, or ReLU(x), or ReLU of the affine map of a batch norm.
template <class T>
struct Prologue {
  bool rectify = false;
  // (C), or all null: x becomes (x - mean) * scale + shift.
  const T* mean = nullptr;
  const T* scale = nullptr;
  const T* shift = nullptr;
};

// A window that moves over an image.
struct Window {
  int64_t kernel[2], stride[2], padding[2], dilation[2];  // height, width

  int64_t taps() const { return kernel[0] * kernel[1]; }
  int64_t reach(int axis) const { return dilation[axis] * (kernel[axis] - 1); }
  int64_t output(int axis, int64_t side) const {
    return (side + 2 * padding[axis] - reach(axis) - 1) / stride[axis] + 1;
  }
};

// The gradient of a batch norm's input: slope * gradient + curve * (x - mean) + offset, each (C).
template <class T>
struct NormGradient {
  const T *slope, *curve, *offset, *mean;
};

template <class T>
struct Kernels {
  int64_t vector_width;  // in elements

  // Reads `pixels` pixels of `channels` channels into pixels `to_ld` apart; channels up to the padded width become 0.
  void (*gather)(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* to,
                 int64_t to_ld);

  // Writes `pixels` pixels, or adds them where `accumulate`. A prologue with ReLU lets pass only those whose result,
  // computed from `x`, is above 0.
  void (*scatter)(const T* from, int64_t from_ld, int64_t pixels, int64_t channels, const Prologue<T>& prologue,
                  const T* x, int64_t x_ld, T* to, int64_t to_ld, bool accumulate);

  // One row of a depthwise convolution: `columns` pixels of `ld` channels (padded). `from`: the tap at the upper left
  // of the first pixel in a buffer whose rows are `row` elements apart. `weight`: (taps, ld).
  void (*depthwise_row)(const T* from, int64_t row, const T* weight, const Window& window, int64_t columns, int64_t ld,
                        T* to);

  // Adds a row's share to the gradient of the weight, (taps, ld). `gradient`: pixels `gradient_ld` apart.
  void (*depthwise_weight_row)(const T* from, int64_t row, const T* gradient, int64_t gradient_ld, const Window& window,
                               int64_t columns, int64_t ld, T* weight_gradient);

  // c(i, j) = sum over k of a[i * a_row + k * a_step] * b[k * b_ld + j], for i < rows, j < columns; added to what c
  // holds where `accumulate`.
  void (*multiply)(int64_t rows, int64_t columns, int64_t depth, const T* a, int64_t a_row, int64_t a_step, const T* b,
                   int64_t b_ld, T* c, int64_t c_ld, bool accumulate);

  // Mean and sum of squared distances from it, each (channels).
  void (*moments)(const T* x, int64_t pixels, int64_t channels, T* mean, T* squares);

  // y = prologue(x).
  void (*normalize)(const T* x, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* y);

  // Sums of gradient and of gradient * (x - mean), each (channels).
  void (*gradient_sums)(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels,
                        const T* mean, T* sum, T* product);

  // Writes the gradient of x, or adds it where `accumulate`.
  void (*norm_gradient)(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels,
                        const NormGradient<T>& coefficients, T* to, int64_t to_ld, bool accumulate);

  // Pools of one row of output pixels. `image`: the whole image (height, width, channels).
  // The maximum's tap goes to `tap`, first among equals; a value that is no number counts as the largest.
  void (*max_pool_row)(const T* image, int64_t height, int64_t width, int64_t channels, const Window& window,
                       int64_t output_row, int64_t columns, T* to, uint8_t* tap);
  // Adds a row's gradient to the image's.
  void (*max_pool_gradient_row)(const T* gradient, int64_t gradient_ld, const uint8_t* tap, int64_t height,
                                int64_t width, int64_t channels, const Window& window, int64_t output_row,
                                int64_t columns, T* image, int64_t image_ld);
  // The mean over the pixels within the image: padding is not counted.
  void (*average_pool_row)(const T* image, int64_t height, int64_t width, int64_t channels, const Window& window,
                           int64_t output_row, int64_t columns, T* to);
  void (*average_pool_gradient_row)(const T* gradient, int64_t gradient_ld, int64_t height, int64_t width,
                                    int64_t channels, const Window& window, int64_t output_row, int64_t columns,
                                    T* image, int64_t image_ld);
};

// The kernels of the best instruction set that this machine runs and the environment variable DHA_OPERATORS (avx2,
// baseline) allows. [any thread]
template <class T>
const Kernels<T>& kernels();

}  // namespace dha::ops
