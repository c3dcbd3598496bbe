#include "pool.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "../kernels/kernels.hpp"
#include "typed.hpp"

namespace dha::ops {

namespace {

struct Shape {
  Shape(at::IntArrayRef sizes, Pair kernel, Pair stride, Pair padding)
      : images(sizes[0]),
        channels(sizes[1]),
        height(sizes[2]),
        width(sizes[3]),
        window{{kernel[0], kernel[1]}, {stride[0], stride[1]}, {padding[0], padding[1]}, {1, 1}},
        output_height(window.output(0, height)),
        output_width(window.output(1, width)) {}

  at::Tensor empty_output(const at::TensorOptions& options) const {
    return at::empty({images, channels, output_height, output_width}, options, at::MemoryFormat::ChannelsLast);
  }
  // Calls visit(output row, the image's first pixel, the row's first pixel), several rows or images at a time.
  template <class Visit>
  void visit_rows(const Visit& visit) const {
    at::parallel_for(0, images * output_height, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) this->visit(visit, i);
    });
  }
  // Rows of an image one after another, since their windows overlap.
  template <class Visit>
  void visit_images(const Visit& visit) const {
    at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * output_height; i < end * output_height; ++i) this->visit(visit, i);
    });
  }

  int64_t images, channels, height, width;
  Window window;
  int64_t output_height, output_width;

 private:
  template <class Visit>
  void visit(const Visit& visit, int64_t i) const {
    visit(i % output_height, i / output_height * height * width, i * output_width);
  }
};

// A target that pools can add to.
template <class T>
TargetPixels<T> started(const GradientTarget& target) {
  if (!target.accumulate) target.tensor.zero_();
  return TargetPixels<T>(target);
}

}  // namespace

MaxPoolOutput max_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x.sizes(), kernel, stride, padding);
    MaxPoolOutput output{shape.empty_output(x.options()), shape.empty_output(x.options().dtype(at::kByte))};
    const T* const from = x.const_data_ptr<T>();
    T* const to = output.y.mutable_data_ptr<T>();
    uint8_t* const tap = output.tap.mutable_data_ptr<uint8_t>();
    shape.visit_rows([&](int64_t row, int64_t image, int64_t first) {
      const int64_t at = first * shape.channels;
      kernels<T>().max_pool_row(from + image * shape.channels, shape.height, shape.width, shape.channels, shape.window,
                                row, shape.output_width, to + at, tap + at);
    });
    return output;
  });
}

void max_pool_backward(const at::Tensor& gradient, const at::Tensor& tap, Pair kernel, Pair stride, Pair padding,
                       const GradientTarget& x_gradient) {
  typed(gradient, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x_gradient.tensor.sizes(), kernel, stride, padding);
    const TargetPixels<T> to = started<T>(x_gradient);
    const int64_t ld = *pixel_pitch(gradient);
    const T* const from = gradient.const_data_ptr<T>();
    const uint8_t* const taps = tap.const_data_ptr<uint8_t>();
    shape.visit_images([&](int64_t row, int64_t image, int64_t first) {
      kernels<T>().max_pool_gradient_row(from + first * ld, ld, taps + first * shape.channels, shape.height,
                                         shape.width, shape.channels, shape.window, row, shape.output_width,
                                         to.data + image * to.ld, to.ld);
    });
  });
}

at::Tensor average_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x.sizes(), kernel, stride, padding);
    at::Tensor y = shape.empty_output(x.options());
    const T* const from = x.const_data_ptr<T>();
    T* const to = y.mutable_data_ptr<T>();
    shape.visit_rows([&](int64_t row, int64_t image, int64_t first) {
      kernels<T>().average_pool_row(from + image * shape.channels, shape.height, shape.width, shape.channels,
                                    shape.window, row, shape.output_width, to + first * shape.channels);
    });
    return y;
  });
}

void average_pool_backward(const at::Tensor& gradient, Pair kernel, Pair stride, Pair padding,
                           const GradientTarget& x_gradient) {
  typed(gradient, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x_gradient.tensor.sizes(), kernel, stride, padding);
    const TargetPixels<T> to = started<T>(x_gradient);
    const int64_t ld = *pixel_pitch(gradient);
    const T* const from = gradient.const_data_ptr<T>();
    shape.visit_images([&](int64_t row, int64_t image, int64_t first) {
      kernels<T>().average_pool_gradient_row(from + first * ld, ld, shape.height, shape.width, shape.channels,
                                             shape.window, row, shape.output_width, to.data + image * to.ld, to.ld);
    });
  });
}

}  // namespace dha::ops
