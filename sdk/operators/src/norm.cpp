#include "norm.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>

#include "typed.hpp"

namespace dha::ops {

namespace {

constexpr int64_t kPieceElements = 16384;  // of a pass over a batch: fixed, so that sums are the same for any threads

class Pieces {
 public:
  Pieces(int64_t pixels, int64_t channels) : pixels_(pixels), piece_(std::max<int64_t>(1, kPieceElements / channels)) {}

  int64_t count() const { return (pixels_ + piece_ - 1) / piece_; }

  // Calls visit(piece, first pixel, pixels), several pieces at a time.
  template <class Visit>
  void visit(const Visit& visit) const {
    at::parallel_for(0, count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) visit(i, i * piece_, std::min(piece_, pixels_ - i * piece_));
    });
  }

 private:
  int64_t pixels_, piece_;
};

template <class T>
const T* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<T>() : nullptr;
}

template <class T>
void fill(const at::Tensor& tensor, const Norm& norm, int64_t channel, double mean, double variance, double epsilon) {
  const Statistics<T> statistics(tensor);
  const T* const weight = data_or_null<T>(norm.weight);
  const T* const bias = data_or_null<T>(norm.bias);
  const double inverse = 1 / std::sqrt(variance + epsilon);
  statistics.mean[channel] = static_cast<T>(mean);
  statistics.inverse_deviation[channel] = static_cast<T>(inverse);
  statistics.scale[channel] = static_cast<T>(weight == nullptr ? inverse : inverse * weight[channel]);
  statistics.shift[channel] = bias == nullptr ? T(0) : bias[channel];
}

template <class T>
void update(const at::Tensor& running, int64_t channel, double value, double momentum) {
  T& kept = running.mutable_data_ptr<T>()[channel];
  kept = static_cast<T>((1 - momentum) * kept + momentum * value);
}

template <class T>
NormOutput forward(const at::Tensor& x, const Norm& norm, const NormMode& mode) {
  const int64_t channels = x.size(1), pixels = x.numel() / channels;
  const T* const from = x.const_data_ptr<T>();
  at::Tensor statistics;
  if (mode.training) {
    const Pieces pieces(pixels, channels);
    Moments<T> moments;
    moments.pixels.resize(static_cast<size_t>(pieces.count()));
    moments.mean.resize(static_cast<size_t>(pieces.count() * channels));
    moments.squares.resize(moments.mean.size());
    pieces.visit([&](int64_t piece, int64_t first, int64_t count) {
      moments.pixels[static_cast<size_t>(piece)] = count;
      kernels<T>().moments(from + first * channels, count, channels, moments.mean.data() + piece * channels,
                           moments.squares.data() + piece * channels);
    });
    statistics = statistics_of(moments, norm, mode, x);
  } else {
    statistics = running_statistics<T>(norm, mode, x);
  }
  at::Tensor y = at::empty_like(x);
  normalize(from, pixels, channels, Statistics<T>(statistics).prologue(false), y.mutable_data_ptr<T>());
  return {y, statistics};
}

template <class T>
NormGradients backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& statistics,
                       const GradientTarget& x_gradient) {
  const int64_t channels = x.size(1), pixels = x.numel() / channels, gradient_ld = *pixel_pitch(gradient);
  const T *const g = gradient.const_data_ptr<T>(), *const from = x.const_data_ptr<T>();
  std::vector<double> sum(static_cast<size_t>(channels)), product(sum.size());
  gradient_sums(g, gradient_ld, from, pixels, channels, Statistics<T>(statistics).mean, sum.data(), product.data());
  const NormGradients gradients{weight_gradient(statistics, product), bias_gradient(statistics, sum)};
  const TargetPixels<T> to(x_gradient);
  if (to.data == nullptr) return gradients;
  const NormBackward<T> norm(statistics, sum, product, pixels);
  Pieces(pixels, channels).visit([&](int64_t, int64_t first, int64_t count) {
    kernels<T>().norm_gradient(g + first * gradient_ld, gradient_ld, from + first * channels, count, channels,
                               norm.coefficients(), to.data + first * to.ld, to.ld, to.accumulate);
  });
  return gradients;
}

}  // namespace

template <class T>
Statistics<T>::Statistics(const at::Tensor& tensor)
    : mean(static_cast<T*>(tensor.data_ptr())),
      scale(mean + tensor.size(1)),
      shift(scale + tensor.size(1)),
      inverse_deviation(shift + tensor.size(1)) {}

template <class T>
at::Tensor Statistics<T>::empty(int64_t channels, const at::Tensor& like) {
  return at::empty({4, channels}, at::TensorOptions().dtype(like.dtype()));
}

template <class T>
at::Tensor statistics_of(const Moments<T>& moments, const Norm& norm, const NormMode& mode, const at::Tensor& like) {
  const auto channels = static_cast<int64_t>(moments.mean.size() / moments.pixels.size());
  const at::Tensor statistics = Statistics<T>::empty(channels, like);
  for (int64_t c = 0; c < channels; ++c) {
    double count = 0, mean = 0, squares = 0;
    for (size_t piece = 0; piece < moments.pixels.size(); ++piece) {
      const auto more = static_cast<double>(moments.pixels[piece]);
      const size_t at = piece * static_cast<size_t>(channels) + static_cast<size_t>(c);
      const double distance = static_cast<double>(moments.mean[at]) - mean;
      count += more;
      mean += distance * more / count;
      squares += static_cast<double>(moments.squares[at]) + distance * distance * (count - more) * more / count;
    }
    fill<T>(statistics, norm, c, mean, squares / count, mode.epsilon);
    if (norm.running_mean.defined()) update<T>(norm.running_mean, c, mean, mode.momentum);
    if (norm.running_var.defined()) update<T>(norm.running_var, c, squares / (count - 1), mode.momentum);
  }
  for (const at::Tensor& changed : {norm.running_mean, norm.running_var})
    if (changed.defined()) changed.unsafeGetTensorImpl()->bump_version();
  return statistics;
}

template <class T>
at::Tensor running_statistics(const Norm& norm, const NormMode& mode, const at::Tensor& like) {
  const int64_t channels = norm.running_mean.numel();
  const at::Tensor statistics = Statistics<T>::empty(channels, like);
  const T *const mean = norm.running_mean.const_data_ptr<T>(), *const variance = norm.running_var.const_data_ptr<T>();
  for (int64_t c = 0; c < channels; ++c)
    fill<T>(statistics, norm, c, static_cast<double>(mean[c]), static_cast<double>(variance[c]), mode.epsilon);
  return statistics;
}

template <class T>
void normalize(const T* x, int64_t pixels, int64_t channels, const Prologue<T>& prologue, T* y) {
  Pieces(pixels, channels).visit([&](int64_t, int64_t first, int64_t count) {
    const int64_t at = first * channels;
    kernels<T>().normalize(x + at, count, channels, prologue, y + at);
  });
}

template <class T>
void gradient_sums(const T* gradient, int64_t gradient_ld, const T* x, int64_t pixels, int64_t channels, const T* mean,
                   double* sum, double* product) {
  const Pieces pieces(pixels, channels);
  std::vector<T> sums(static_cast<size_t>(2 * pieces.count() * channels));
  pieces.visit([&](int64_t piece, int64_t first, int64_t count) {
    T* const own = sums.data() + 2 * piece * channels;
    kernels<T>().gradient_sums(gradient + first * gradient_ld, gradient_ld, x + first * channels, count, channels, mean,
                               own, own + channels);
  });
  for (int64_t c = 0; c < channels; ++c) {
    sum[c] = product[c] = 0;
    for (int64_t piece = 0; piece < pieces.count(); ++piece) {
      const T* const own = sums.data() + 2 * piece * channels;
      sum[c] += static_cast<double>(own[c]);
      product[c] += static_cast<double>(own[channels + c]);
    }
  }
}

template <class T>
NormBackward<T>::NormBackward(const at::Tensor& tensor, const std::vector<double>& sum,
                              const std::vector<double>& product, int64_t pixels)
    : mean_(tensor.const_data_ptr<T>()), slope_(sum.size()), curve_(sum.size()), offset_(sum.size()) {
  const Statistics<T> statistics(tensor);
  const auto count = static_cast<double>(pixels);
  for (size_t c = 0; c < sum.size(); ++c) {
    const double scale = static_cast<double>(statistics.scale[c]);
    const double inverse = static_cast<double>(statistics.inverse_deviation[c]);
    slope_[c] = statistics.scale[c];
    curve_[c] = static_cast<T>(-scale * inverse * inverse * product[c] / count);
    offset_[c] = static_cast<T>(-scale * sum[c] / count);
  }
}

NormOutput batch_norm_forward(const at::Tensor& x, const Norm& norm, const NormMode& mode) {
  return typed(x, [&](auto zero) { return forward<decltype(zero)>(x, norm, mode); });
}

NormGradients batch_norm_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& statistics,
                                  const GradientTarget& x_gradient) {
  return typed(x, [&](auto zero) { return backward<decltype(zero)>(gradient, x, statistics, x_gradient); });
}

at::Tensor weight_gradient(const at::Tensor& statistics, const std::vector<double>& product) {
  at::Tensor gradient = at::empty({static_cast<int64_t>(product.size())}, statistics.options());
  typed(statistics, [&](auto zero) {
    using T = decltype(zero);
    const Statistics<T> known(statistics);
    for (size_t c = 0; c < product.size(); ++c)
      gradient.mutable_data_ptr<T>()[c] = static_cast<T>(product[c] * static_cast<double>(known.inverse_deviation[c]));
  });
  return gradient;
}

at::Tensor bias_gradient(const at::Tensor& statistics, const std::vector<double>& sum) {
  at::Tensor gradient = at::empty({static_cast<int64_t>(sum.size())}, statistics.options());
  typed(statistics, [&](auto zero) {
    using T = decltype(zero);
    for (size_t c = 0; c < sum.size(); ++c) gradient.mutable_data_ptr<T>()[c] = static_cast<T>(sum[c]);
  });
  return gradient;
}

#define DHA_OPERATORS_INSTANTIATE(T)                                                                     \
  template struct Statistics<T>;                                                                         \
  template class NormBackward<T>;                                                                        \
  template at::Tensor statistics_of(const Moments<T>&, const Norm&, const NormMode&, const at::Tensor&); \
  template at::Tensor running_statistics<T>(const Norm&, const NormMode&, const at::Tensor&);            \
  template void normalize(const T*, int64_t, int64_t, const Prologue<T>&, T*);                           \
  template void gradient_sums(const T*, int64_t, const T*, int64_t, int64_t, const T*, double*, double*);
DHA_OPERATORS_INSTANTIATE(float)
DHA_OPERATORS_INSTANTIATE(double)
#undef DHA_OPERATORS_INSTANTIATE

}  // namespace dha::ops
