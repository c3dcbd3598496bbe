// Batch norm without autograd: statistics of a batch, its affine map, and the gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "convolution.hpp"
#include "dha/operators.hpp"
#include "pixels.hpp"

namespace dha::ops {

// What a batch norm knows of a batch, one tensor (4, C): y = (x - mean) * scale + shift.
template <class T>
struct Statistics {
  explicit Statistics(const at::Tensor& tensor);
  static at::Tensor empty(int64_t channels, const at::Tensor& like);

  Prologue<T> prologue(bool rectify) const { return {rectify, mean, scale, shift}; }

  T *mean, *scale, *shift, *inverse_deviation;
};

// Joins the moments of a batch's pieces, in their order, in double (Chan, Golub, LeVeque 1979), and updates the running
// statistics.
template <class T>
at::Tensor statistics_of(const Moments<T>& moments, const Norm& norm, const NormMode& mode, const at::Tensor& like);

// Of the running statistics.
template <class T>
at::Tensor running_statistics(const Norm& norm, const NormMode& mode, const at::Tensor& like);

// y = the batch norm's map of x, for `pixels` pixels.
template <class T>
void normalize(const T* x, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* y);

// Sums of gradient and of gradient * (x - mean), (channels) each. `gradient`: pixels `gradient_ld` apart.
template <class T>
void gradient_sums(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels, const T* mean,
                   double* sum, double* product);

// The gradient of x in training from those sums (Ioffe, Szegedy 2015, section 3), as coefficients of NormGradient.
template <class T>
class NormBackward {
 public:
  NormBackward(const at::Tensor& statistics, const std::vector<double>& sum, const std::vector<double>& product,
               int64_t pixels);

  NormGradient<T> coefficients() const { return {slope_.data(), curve_.data(), offset_.data(), mean_}; }

 private:
  const T* mean_;
  std::vector<T> slope_, curve_, offset_;
};

struct NormOutput {
  at::Tensor y, statistics;
};
NormOutput batch_norm_forward(const at::Tensor& x, const Norm& norm, const NormMode& mode);

struct NormGradients {
  at::Tensor weight, bias;
};
// `gradient`: has a pitch. The gradient of x goes to `x_gradient`.
NormGradients batch_norm_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& statistics,
                                  const GradientTarget& x_gradient);

// Gradients of the affine weights, from the sums.
at::Tensor weight_gradient(const at::Tensor& statistics, const std::vector<double>& product);
at::Tensor bias_gradient(const at::Tensor& statistics, const std::vector<double>& sum);

}  // namespace dha::ops
