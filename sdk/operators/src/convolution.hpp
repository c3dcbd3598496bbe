// ReLU, depthwise and pointwise convolution of a batch in one pass over its images, and their gradients.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/kernels.hpp"
#include "pixels.hpp"

namespace dha::ops {

// The sizes and weights of a convolution whose input is read through a prologue. Either weight may be null, not both.
template <class T>
struct Convolution {
  int64_t images = 0, height = 0, width = 0, channels = 0;
  int64_t output_height = 0, output_width = 0, output_channels = 0;
  Window window{{1, 1}, {1, 1}, {0, 0}, {1, 1}};  // without a depthwise convolution as it is here
  const T* depthwise = nullptr;                   // (channels, taps)
  const T* pointwise = nullptr;                   // (output_channels, channels)
  Prologue<T> prologue;

  int64_t pixels() const { return height * width; }
  int64_t output_pixels() const { return output_height * output_width; }
};

// Mean and sum of squared distances from it of one piece of a batch, (channels) each.
template <class T>
struct Moments {
  std::vector<int64_t> pixels;   // (pieces)
  std::vector<T> mean, squares;  // (pieces, channels)
};

// z: (N, H', W', out). Also returns the moments of z's pieces where asked.
template <class T>
void convolve(const Convolution<T>& convolution, const T* x, T* z, Moments<T>* moments);

// Where the gradient of a convolution's output comes from: itself, or the gradient of the batch norm behind it.
template <class T>
struct OutputGradient {
  const T* gradient = nullptr;  // (N, H', W', out), pixels `ld` apart
  int64_t ld = 0;
  const T* z = nullptr;  // the batch norm's input, or null
  NormGradient<T> norm{};
};

// What a backward pass writes; null for what is not asked for.
template <class T>
struct ConvolutionGradients {
  TargetPixels<T> x{{}};   // (N, H, W, channels)
  T* depthwise = nullptr;  // (channels, taps)
  T* pointwise = nullptr;  // (output_channels, channels)
  // Sums over the pixels of x's gradient and of its product with x - mean, (channels) each, for the batch norm whose
  // affine map is the prologue. Only together with an x that is channels_last and not accumulated.
  double *sum = nullptr, *product = nullptr;
};

template <class T>
void convolve_backward(const Convolution<T>& convolution, const T* x, const OutputGradient<T>& output,
                       const ConvolutionGradients<T>& gradients);

}  // namespace dha::ops
