#include "pool.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

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
  // Calls visit(image, output row, the image's offset, the row's offset), several rows or images at a time.
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
    visit(i % output_height, i / output_height * height * width * channels, i * output_width * channels);
  }
};

at::Tensor zero_gradient(const Shape& shape, const at::Tensor& gradient) {
  return at::empty({shape.images, shape.channels, shape.height, shape.width}, gradient.options(),
                   at::MemoryFormat::ChannelsLast)
      .zero_();
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
    shape.visit_rows([&](int64_t row, int64_t image, int64_t at) {
      kernels<T>().max_pool_row(from + image, shape.height, shape.width, shape.channels, shape.window, row,
                                shape.output_width, to + at, tap + at);
    });
    return output;
  });
}

at::Tensor max_pool_backward(const at::Tensor& gradient, const at::Tensor& tap, at::IntArrayRef x_sizes, Pair kernel,
                             Pair stride, Pair padding) {
  return typed(gradient, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x_sizes, kernel, stride, padding);
    at::Tensor x_gradient = zero_gradient(shape, gradient);
    const T* const from = gradient.const_data_ptr<T>();
    const uint8_t* const taps = tap.const_data_ptr<uint8_t>();
    T* const to = x_gradient.mutable_data_ptr<T>();
    shape.visit_images([&](int64_t row, int64_t image, int64_t at) {
      kernels<T>().max_pool_gradient_row(from + at, taps + at, shape.height, shape.width, shape.channels, shape.window,
                                         row, shape.output_width, to + image);
    });
    return x_gradient;
  });
}

at::Tensor average_pool_forward(const at::Tensor& x, Pair kernel, Pair stride, Pair padding) {
  return typed(x, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x.sizes(), kernel, stride, padding);
    at::Tensor y = shape.empty_output(x.options());
    const T* const from = x.const_data_ptr<T>();
    T* const to = y.mutable_data_ptr<T>();
    shape.visit_rows([&](int64_t row, int64_t image, int64_t at) {
      kernels<T>().average_pool_row(from + image, shape.height, shape.width, shape.channels, shape.window, row,
                                    shape.output_width, to + at);
    });
    return y;
  });
}

at::Tensor average_pool_backward(const at::Tensor& gradient, at::IntArrayRef x_sizes, Pair kernel, Pair stride,
                                 Pair padding) {
  return typed(gradient, [&](auto zero) {
    using T = decltype(zero);
    const Shape shape(x_sizes, kernel, stride, padding);
    at::Tensor x_gradient = zero_gradient(shape, gradient);
    const T* const from = gradient.const_data_ptr<T>();
    T* const to = x_gradient.mutable_data_ptr<T>();
    shape.visit_images([&](int64_t row, int64_t image, int64_t at) {
      kernels<T>().average_pool_gradient_row(from + at, shape.height, shape.width, shape.channels, shape.window, row,
                                             shape.output_width, to + image);
    });
    return x_gradient;
  });
}

}  // namespace dha::ops
