#include "reduction.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <vector>

#include "../kernels/kernels.hpp"
#include "batch_pieces.hpp"
#include "scratch.hpp"
#include "typed.hpp"

namespace dha::ops {

namespace {

// The sizes, and the pixels that each half reads: those of even rows and columns, or of odd ones.
template <class T>
struct Reduction {
  Reduction(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify)
      : images(x.size(0)),
        channels(x.size(1)),
        height(x.size(2)),
        width(x.size(3)),
        output_height((height + 1) / 2),
        output_width((width + 1) / 2),
        halves{even.size(0), odd.size(0)},
        ld((channels + kernels<T>().vector_width - 1) / kernels<T>().vector_width * kernels<T>().vector_width),
        band(rows_per_band(output_height, output_width, ld)) {
    prologue.rectify = rectify;
  }

  int64_t output_channels() const { return halves[0] + halves[1]; }
  int64_t output_pixels() const { return output_height * output_width; }
  int64_t bands() const { return (output_height + band - 1) / band; }
  int64_t rows_in(int64_t first) const { return std::min(band, output_height - first); }
  bool is_inside(int64_t row, int half) const { return 2 * row + half < height; }
  int64_t columns_of(int half) const { return (width + 1 - half) / 2; }

  // The first pixel of an output row's half in a buffer of images whose pixels are `pixel_ld` apart.
  int64_t offset(int64_t image, int64_t row, int half, int64_t pixel_ld) const {
    return ((image * height + 2 * row + half) * width + half) * pixel_ld;
  }

  // The pixels that output rows from `first` on read, `ld` apart, with zeros for those outside.
  void read(const T* x, int64_t image, int64_t first, int64_t rows, int half, T* to) const {
    for (int64_t i = 0; i < rows; ++i) {
      T* const row = to + i * output_width * ld;
      const int64_t columns = is_inside(first + i, half) ? columns_of(half) : 0;
      if (columns > 0)
        kernels<T>().gather(x + offset(image, first + i, half, channels), 2 * channels, columns, channels, prologue,
                            row, ld);
      std::fill(row + columns * ld, row + output_width * ld, T(0));
    }
  }

  int64_t images, channels, height, width, output_height, output_width;
  int64_t halves[2];  // output channels
  int64_t ld, band;   // band: output rows
  Prologue<T> prologue;
};

template <class T>
at::Tensor forward(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify) {
  const Reduction<T> sizes(x, even, odd, rectify);
  at::Tensor y = at::empty({sizes.images, sizes.output_channels(), sizes.output_height, sizes.output_width},
                           x.options(), at::MemoryFormat::ChannelsLast);
  const std::vector<T> weights[] = {transposed(even.const_data_ptr<T>(), even.size(0), sizes.channels),
                                    transposed(odd.const_data_ptr<T>(), odd.size(0), sizes.channels)};
  const T* const from = x.const_data_ptr<T>();
  T* const to = y.mutable_data_ptr<T>();
  at::parallel_for(0, sizes.images * sizes.bands(), 1, [&](int64_t begin, int64_t end) {
    const int64_t size = sizes.band * sizes.output_width * sizes.ld;
    Scratch scratch(Scratch::bytes<T>(size));
    T* const pixels = scratch.take<T>(size);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / sizes.bands(), first = piece % sizes.bands() * sizes.band;
      const int64_t rows = sizes.rows_in(first);
      T* row = to + (image * sizes.output_height + first) * sizes.output_width * sizes.output_channels();
      for (int half = 0; half < 2; ++half, row += sizes.halves[0]) {
        sizes.read(from, image, first, rows, half, pixels);
        kernels<T>().multiply(rows * sizes.output_width, sizes.halves[half], sizes.channels, pixels, sizes.ld, 1,
                              weights[half].data(), sizes.halves[half], row, sizes.output_channels(), false);
      }
    }
  });
  return y;
}

// Runs the backward pass image by image. Images are dealt to pieces, each of which adds up its share of the weights'
// gradients, so that the sums are the same for any number of threads.
template <class T>
class Backward {
 public:
  Backward(const Reduction<T>& sizes, const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& even,
           const at::Tensor& odd, const GradientTarget& x_gradient, bool needs_weights)
      : sizes_(sizes),
        gradient_(gradient.const_data_ptr<T>()),
        gradient_ld_(*pixel_pitch(gradient)),
        x_(x.const_data_ptr<T>()),
        weights_{even.const_data_ptr<T>(), odd.const_data_ptr<T>()},
        to_(x_gradient),
        pieces_(sizes.images) {
    for (int half = 0; needs_weights && half < 2; ++half)
      sums_[half].resize(static_cast<size_t>(pieces_.count() * sizes.halves[half] * sizes.channels));
  }

  void run() {
    at::parallel_for(0, pieces_.count(), 1, [&](int64_t begin, int64_t end) {
      const int64_t size = sizes_.band * sizes_.output_width * sizes_.ld;
      Scratch scratch(Scratch::bytes<T>(size));
      T* const pixels = scratch.take<T>(size);
      for (int64_t piece = begin; piece < end; ++piece)
        pieces_.visit(piece, [&](int64_t image) { run(piece, image, pixels); });
    });
  }

  at::Tensor weight_gradient(int half, const at::Tensor& weight) const {
    if (sums_[half].empty()) return {};
    at::Tensor gradient = at::empty_like(weight);
    pieces_.add_up(sums_[half], weight.numel(), gradient.mutable_data_ptr<T>());
    return gradient;
  }

 private:
  void run(int64_t piece, int64_t image, T* pixels) {
    const int64_t image_elements = sizes_.height * sizes_.width * to_.ld;
    if (to_.data != nullptr && !to_.accumulate) std::fill_n(to_.data + image * image_elements, image_elements, T(0));
    for (int64_t first = 0; first < sizes_.output_height; first += sizes_.band)
      for (int half = 0; half < 2; ++half) run(piece, image, first, half, pixels);
  }

  void run(int64_t piece, int64_t image, int64_t first, int half, T* pixels) {
    const int64_t rows = sizes_.rows_in(first), count = rows * sizes_.output_width;
    const T* const gradient = gradient_ +
                              (image * sizes_.output_pixels() + first * sizes_.output_width) * gradient_ld_ +
                              half * sizes_.halves[0];
    if (!sums_[half].empty()) {
      sizes_.read(x_, image, first, rows, half, pixels);
      const int64_t weights = sizes_.halves[half] * sizes_.channels;
      kernels<T>().multiply(sizes_.halves[half], sizes_.channels, count, gradient, 1, gradient_ld_, pixels, sizes_.ld,
                            sums_[half].data() + piece * weights, sizes_.channels, true);
    }
    if (to_.data == nullptr) return;
    kernels<T>().multiply(count, sizes_.channels, sizes_.halves[half], gradient, gradient_ld_, 1, weights_[half],
                          sizes_.channels, pixels, sizes_.ld, false);
    for (int64_t i = 0; i < rows && sizes_.is_inside(first + i, half); ++i)
      kernels<T>().scatter(pixels + i * sizes_.output_width * sizes_.ld, sizes_.ld, sizes_.columns_of(half),
                           sizes_.channels, sizes_.prologue,
                           x_ + sizes_.offset(image, first + i, half, sizes_.channels), 2 * sizes_.channels,
                           to_.data + sizes_.offset(image, first + i, half, to_.ld), 2 * to_.ld, to_.accumulate);
  }

  const Reduction<T>& sizes_;
  const T* gradient_;
  int64_t gradient_ld_;
  const T* x_;
  const T* weights_[2];
  TargetPixels<T> to_;
  BatchPieces pieces_;
  std::vector<T> sums_[2];  // (pieces, out, channels), empty where not needed
};

}  // namespace

at::Tensor reduction_forward(const at::Tensor& x, const at::Tensor& even, const at::Tensor& odd, bool rectify) {
  return typed(x, [&](auto zero) { return forward<decltype(zero)>(x, even, odd, rectify); });
}

ReductionGradients reduction_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& even,
                                      const at::Tensor& odd, bool rectify, const GradientTarget& x_gradient,
                                      bool needs_weights) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    const Reduction<T> sizes(x, even, odd, rectify);
    Backward<T> backward(sizes, gradient, x, even, odd, x_gradient, needs_weights);
    backward.run();
    return ReductionGradients{backward.weight_gradient(0, even), backward.weight_gradient(1, odd)};
  });
}

}  // namespace dha::ops
