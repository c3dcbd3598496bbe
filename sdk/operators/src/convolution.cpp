#include "convolution.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "batch_pieces.hpp"
#include "scratch.hpp"

namespace dha::ops {

namespace {

int64_t rounded_up(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// The weight with the taps outside and padded channels, as the kernels read it. `flipped`: for the gradient of x.
template <class T>
std::vector<T> packed(const Convolution<T>& convolution, int64_t ld, bool flipped) {
  const int64_t taps = convolution.window.taps();
  std::vector<T> weight(static_cast<size_t>(taps * ld));
  for (int64_t c = 0; c < convolution.channels; ++c)
    for (int64_t k = 0; k < taps; ++k)
      weight[static_cast<size_t>((flipped ? taps - 1 - k : k) * ld + c)] = convolution.depthwise[c * taps + k];
  return weight;
}

// Rows of an image with its padding, read through the prologue. The padding stays as zero as it was handed out.
template <class T>
class PaddedRows {
 public:
  PaddedRows(const Convolution<T>& convolution, int64_t output_rows, int64_t ld)
      : convolution_(convolution),
        ld_(ld),
        rows_((output_rows - 1) * convolution.window.stride[0] + convolution.window.reach(0) + 1),
        row_((convolution.width + 2 * convolution.window.padding[1]) * ld) {}

  int64_t size() const { return rows_ * row_; }
  int64_t row() const { return row_; }
  void place(T* data) { data_ = data; }

  // What output row `first` + i reads begins here.
  const T* at(int64_t i) const { return data_ + i * convolution_.window.stride[0] * row_; }

  void read(const T* image, int64_t first_output_row) {
    const Window& window = convolution_.window;
    const int64_t line = convolution_.width * convolution_.channels;
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t y = first_output_row * window.stride[0] - window.padding[0] + i;
      T* const to = data_ + i * row_ + window.padding[1] * ld_;
      if (y < 0 || y >= convolution_.height)
        std::fill(to, to + convolution_.width * ld_, T(0));
      else
        kernels<T>().gather(image + y * line, convolution_.channels, convolution_.width, convolution_.channels,
                            convolution_.prologue, to, ld_);
    }
  }

 private:
  const Convolution<T>& convolution_;
  int64_t ld_, rows_, row_;
  T* data_ = nullptr;
};

// Runs a convolution on bands of output rows.
template <class T>
class Forward {
 public:
  Forward(const Convolution<T>& convolution, const T* x, T* z, Moments<T>* moments)
      : convolution_(convolution),
        x_(x),
        z_(z),
        moments_(moments),
        ld_(rounded_up(convolution.channels, kernels<T>().vector_width)),
        band_(rows_per_band(convolution.output_height, convolution.output_width, ld_)),
        bands_((convolution.output_height + band_ - 1) / band_) {
    if (convolution.depthwise != nullptr) depthwise_ = packed(convolution, ld_, false);
    if (convolution.pointwise != nullptr)
      pointwise_ = transposed(convolution.pointwise, convolution.output_channels, convolution.channels);
    if (moments == nullptr) return;
    const auto pieces = static_cast<size_t>(convolution.images * bands_);
    moments->pixels.resize(pieces);
    moments->mean.resize(pieces * static_cast<size_t>(convolution.output_channels));
    moments->squares.resize(moments->mean.size());
  }

  void run() const {
    at::parallel_for(0, convolution_.images * bands_, 1, [&](int64_t begin, int64_t end) {
      PaddedRows<T> padded(convolution_, band_, ld_);
      const int64_t between = band_ * convolution_.output_width * ld_;
      Scratch scratch(Scratch::bytes<T>(padded.size()) + Scratch::bytes<T>(between));
      padded.place(scratch.take<T>(convolution_.depthwise != nullptr ? padded.size() : 0));
      T* const rows = scratch.take<T>(between);
      for (int64_t piece = begin; piece < end; ++piece) run(piece, padded, rows);
    });
  }

 private:
  void run(int64_t piece, PaddedRows<T>& padded, T* rows) const {
    const Convolution<T>& c = convolution_;
    const int64_t first = piece % bands_ * band_, count = std::min(band_, c.output_height - first);
    const int64_t image = piece / bands_, pixels = count * c.output_width;
    const T* const from = x_ + image * c.pixels() * c.channels;
    T* const to = z_ + (image * c.output_pixels() + first * c.output_width) * c.output_channels;
    const bool is_direct = c.pointwise == nullptr && ld_ == c.channels;
    if (c.depthwise != nullptr) {
      padded.read(from, first);
      T* const inner = is_direct ? to : rows;
      for (int64_t i = 0; i < count; ++i)
        kernels<T>().depthwise_row(padded.at(i), padded.row(), depthwise_.data(), c.window, c.output_width, ld_,
                                   inner + i * c.output_width * ld_);
    } else {
      kernels<T>().gather(from + first * c.width * c.channels, c.channels, pixels, c.channels, c.prologue, rows, ld_);
    }
    if (c.pointwise != nullptr)
      kernels<T>().multiply(pixels, c.output_channels, c.channels, rows, ld_, 1, pointwise_.data(), c.output_channels,
                            to, c.output_channels, false);
    else if (!is_direct)
      kernels<T>().scatter(rows, ld_, pixels, c.channels, {}, nullptr, 0, to, c.channels, false);
    if (moments_ == nullptr) return;
    moments_->pixels[static_cast<size_t>(piece)] = pixels;
    kernels<T>().moments(to, pixels, c.output_channels, moments_->mean.data() + piece * c.output_channels,
                         moments_->squares.data() + piece * c.output_channels);
  }

  const Convolution<T>& convolution_;
  const T* x_;
  T* z_;
  Moments<T>* moments_;
  int64_t ld_, band_, bands_;
  std::vector<T> depthwise_, pointwise_;
};

// Runs the backward pass image by image. Images are dealt to pieces, each of which adds up its share of the weights'
// gradients, so that the sums are the same for any number of threads.
template <class T>
class Backward {
 public:
  Backward(const Convolution<T>& convolution, const T* x, const OutputGradient<T>& output,
           const ConvolutionGradients<T>& gradients)
      : convolution_(convolution),
        x_(x),
        output_(output),
        gradients_(gradients),
        ld_(rounded_up(convolution.channels, kernels<T>().vector_width)),
        pieces_(convolution.images) {
    const Window& window = convolution.window;
    flipped_window_ = {{window.kernel[0], window.kernel[1]},
                       {1, 1},
                       {window.reach(0) - window.padding[0], window.reach(1) - window.padding[1]},
                       {window.dilation[0], window.dilation[1]}};
    if (convolution.depthwise != nullptr) {
      weight_ = packed(convolution, ld_, false);
      flipped_ = packed(convolution, ld_, true);
      gradient_row_ = (convolution.width + window.reach(1)) * ld_;
      if (gradients.depthwise != nullptr)
        depthwise_sums_.resize(static_cast<size_t>(pieces_.count() * window.taps() * ld_));
    }
    if (gradients.pointwise != nullptr)
      pointwise_sums_.resize(static_cast<size_t>(pieces_.count() * convolution.output_channels * convolution.channels));
    if (gradients.sum != nullptr) norm_sums_.resize(static_cast<size_t>(2 * convolution.images * convolution.channels));
  }

  void run() {
    at::parallel_for(0, pieces_.count(), 1, [&](int64_t begin, int64_t end) {
      const Convolution<T>& c = convolution_;
      const bool deep = c.depthwise != nullptr;
      PaddedRows<T> padded(c, c.output_height, ld_);
      const int64_t padded_size = deep ? padded.size() : 0;
      const int64_t gradient_size = deep ? (c.height + c.window.reach(0)) * gradient_row_ : c.output_pixels() * ld_;
      const int64_t inner_size = c.output_pixels() * ld_;
      const int64_t output_size = c.output_pixels() * c.output_channels;
      const int64_t line_size = c.width * ld_;
      Scratch scratch(Scratch::bytes<T>(padded_size) + Scratch::bytes<T>(gradient_size) +
                      Scratch::bytes<T>(inner_size) + Scratch::bytes<T>(output_size) + Scratch::bytes<T>(line_size));
      padded.place(scratch.take<T>(padded_size));
      const Pieces pieces{scratch.take<T>(gradient_size), scratch.take<T>(inner_size), scratch.take<T>(output_size),
                          scratch.take<T>(line_size)};
      for (int64_t piece = begin; piece < end; ++piece)
        pieces_.visit(piece, [&](int64_t image) { run(piece, image, padded, pieces); });
    });
    collect();
  }

 private:
  struct Pieces {
    T* gradient;  // of the depthwise convolution's output, in place for a convolution with the flipped weight
    T* inner;     // output of the depthwise convolution, or ReLU(x)
    T* output;    // gradient of the pointwise convolution's output
    T* line;      // a row of x's gradient
  };

  void run(int64_t piece, int64_t image, PaddedRows<T>& padded, const Pieces& pieces) {
    const T* const from = x_ + image * convolution_.pixels() * convolution_.channels;
    const Rows output = output_gradient(image, pieces);
    spread(output, pieces);
    if (convolution_.depthwise != nullptr && (gradients_.depthwise != nullptr || gradients_.pointwise != nullptr))
      padded.read(from, 0);
    if (gradients_.pointwise != nullptr) add_pointwise(piece, from, output, padded, pieces);
    if (gradients_.depthwise != nullptr) add_depthwise(piece, padded, pieces);
    if (gradients_.x.data != nullptr) write_x(image, from, pieces);
  }

  // The gradient of the pointwise convolution's output for one image, its pixels `ld` apart.
  struct Rows {
    const T* data;
    int64_t ld;
  };

  Rows output_gradient(int64_t image, const Pieces& pieces) const {
    const Convolution<T>& c = convolution_;
    const int64_t first = image * c.output_pixels();
    const T* const gradient = output_.gradient + first * output_.ld;
    if (output_.z == nullptr) return {gradient, output_.ld};
    kernels<T>().norm_gradient(gradient, output_.ld, output_.z + first * c.output_channels, c.output_pixels(),
                               c.output_channels, output_.norm, pieces.output, c.output_channels, false);
    return {pieces.output, c.output_channels};
  }

  // Where a row of the gradient of the depthwise convolution's output lies, and how far its pixels.
  T* gradient_row(const Pieces& pieces, int64_t row) const {
    const Window& window = convolution_.window;
    if (convolution_.depthwise == nullptr) return pieces.gradient + row * convolution_.output_width * ld_;
    return pieces.gradient + (flipped_window_.padding[0] + row * window.stride[0]) * gradient_row_ +
           flipped_window_.padding[1] * ld_;
  }
  int64_t gradient_step() const { return convolution_.window.stride[1] * ld_; }

  // The gradient behind the pointwise convolution, with zeros between its pixels where the stride skips some.
  void spread(const Rows& output, const Pieces& pieces) const {
    const Convolution<T>& c = convolution_;
    if (gradients_.x.data == nullptr && gradients_.depthwise == nullptr) return;
    for (int64_t i = 0; i < c.output_height; ++i) {
      const T* const row = output.data + i * c.output_width * output.ld;
      if (c.pointwise != nullptr)
        kernels<T>().multiply(c.output_width, c.channels, c.output_channels, row, output.ld, 1, c.pointwise, c.channels,
                              gradient_row(pieces, i), gradient_step(), false);
      else
        kernels<T>().gather(row, output.ld, c.output_width, c.channels, {}, gradient_row(pieces, i), gradient_step());
    }
  }

  void add_pointwise(int64_t piece, const T* from, const Rows& output, const PaddedRows<T>& padded,
                     const Pieces& pieces) {
    const Convolution<T>& c = convolution_;
    if (c.depthwise == nullptr)
      kernels<T>().gather(from, c.channels, c.output_pixels(), c.channels, c.prologue, pieces.inner, ld_);
    else
      for (int64_t i = 0; i < c.output_height; ++i)
        kernels<T>().depthwise_row(padded.at(i), padded.row(), weight_.data(), c.window, c.output_width, ld_,
                                   pieces.inner + i * c.output_width * ld_);
    kernels<T>().multiply(c.output_channels, c.channels, c.output_pixels(), output.data, 1, output.ld, pieces.inner,
                          ld_, pointwise_sums_.data() + piece * c.output_channels * c.channels, c.channels, true);
  }

  void add_depthwise(int64_t piece, const PaddedRows<T>& padded, const Pieces& pieces) {
    const Convolution<T>& c = convolution_;
    for (int64_t i = 0; i < c.output_height; ++i)
      kernels<T>().depthwise_weight_row(padded.at(i), padded.row(), gradient_row(pieces, i), gradient_step(), c.window,
                                        c.output_width, ld_, depthwise_sums_.data() + piece * c.window.taps() * ld_);
  }

  void write_x(int64_t image, const T* from, const Pieces& pieces) {
    const Convolution<T>& c = convolution_;
    const TargetPixels<T>& x = gradients_.x;
    T* const to = x.data + image * c.pixels() * x.ld;
    const bool is_direct = !c.prologue.rectify && !x.accumulate && ld_ == c.channels && ld_ == x.ld;
    if (c.depthwise == nullptr)
      kernels<T>().scatter(pieces.gradient, ld_, c.pixels(), c.channels, c.prologue, from, c.channels, to, x.ld,
                           x.accumulate);
    else
      for (int64_t y = 0; y < c.height; ++y) {
        T* const row = to + y * c.width * x.ld;
        kernels<T>().depthwise_row(pieces.gradient + y * gradient_row_, gradient_row_, flipped_.data(), flipped_window_,
                                   c.width, ld_, is_direct ? row : pieces.line);
        if (!is_direct)
          kernels<T>().scatter(pieces.line, ld_, c.width, c.channels, c.prologue, from + y * c.width * c.channels,
                               c.channels, row, x.ld, x.accumulate);
      }
    if (gradients_.sum == nullptr) return;
    T* const sums = norm_sums_.data() + 2 * image * c.channels;
    kernels<T>().gradient_sums(to, c.channels, from, c.pixels(), c.channels, c.prologue.mean, sums, sums + c.channels);
  }

  void collect() const {
    const Convolution<T>& c = convolution_;
    const int64_t taps = c.window.taps();
    if (gradients_.depthwise != nullptr)
      for (int64_t channel = 0; channel < c.channels; ++channel)
        for (int64_t k = 0; k < taps; ++k) {
          T sum = 0;
          for (int64_t piece = 0; piece < pieces_.count(); ++piece)
            sum += depthwise_sums_[static_cast<size_t>((piece * taps + k) * ld_ + channel)];
          gradients_.depthwise[channel * taps + k] = sum;
        }
    if (gradients_.pointwise != nullptr)
      pieces_.add_up(pointwise_sums_, c.output_channels * c.channels, gradients_.pointwise);
    if (gradients_.sum == nullptr) return;
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      gradients_.sum[channel] = gradients_.product[channel] = 0;
      for (int64_t image = 0; image < c.images; ++image) {
        const T* const sums = norm_sums_.data() + 2 * image * c.channels;
        gradients_.sum[channel] += static_cast<double>(sums[channel]);
        gradients_.product[channel] += static_cast<double>(sums[c.channels + channel]);
      }
    }
  }

  const Convolution<T>& convolution_;
  const T* x_;
  const OutputGradient<T>& output_;
  const ConvolutionGradients<T>& gradients_;
  int64_t ld_;
  BatchPieces pieces_;
  int64_t gradient_row_ = 0;
  Window flipped_window_;
  std::vector<T> weight_, flipped_, depthwise_sums_, pointwise_sums_, norm_sums_;
};

}  // namespace

template <class T>
void convolve(const Convolution<T>& convolution, const T* x, T* z, Moments<T>* moments) {
  Forward<T>(convolution, x, z, moments).run();
}

template <class T>
void convolve_backward(const Convolution<T>& convolution, const T* x, const OutputGradient<T>& output,
                       const ConvolutionGradients<T>& gradients) {
  Backward<T>(convolution, x, output, gradients).run();
}

template void convolve(const Convolution<float>&, const float*, float*, Moments<float>*);
template void convolve(const Convolution<double>&, const double*, double*, Moments<double>*);
template void convolve_backward(const Convolution<float>&, const float*, const OutputGradient<float>&,
                                const ConvolutionGradients<float>&);
template void convolve_backward(const Convolution<double>&, const double*, const OutputGradient<double>&,
                                const ConvolutionGradients<double>&);

}  // namespace dha::ops
