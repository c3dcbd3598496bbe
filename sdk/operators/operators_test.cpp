// LibTorch's operators in double are the oracle: ours in float may be no farther from them than LibTorch's in float.
#include "dha/operators.hpp"

#include "dha/plugin.hpp"  // both go into one file

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <limits>

using namespace dha::ops;

namespace {

using Tensors = std::vector<at::Tensor>;
using Function = std::function<at::Tensor(const Tensors&)>;

// The switch and the number of threads as they were.
struct Settings {
  ~Settings() {
    enable(true);
    at::set_num_threads(threads);
  }
  int threads = at::get_num_threads();
};

class Draw {
 public:
  explicit Draw(uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

  at::Tensor operator()(at::IntArrayRef sizes, double mean = 0, double deviation = 1) {
    const at::Tensor drawn =
        at::empty(sizes, at::TensorOptions().dtype(at::kDouble)).normal_(mean, deviation, generator_);
    return sizes.size() == 4 ? drawn.contiguous(at::MemoryFormat::ChannelsLast) : drawn;
  }

 private:
  at::Generator generator_;
};

Tensors leaves(const Tensors& values, at::ScalarType type) {
  Tensors list;
  for (const at::Tensor& value : values)
    list.push_back(value.to(type).clone(at::MemoryFormat::Preserve).set_requires_grad(true));
  return list;
}

// The output and the gradients of all inputs; `gradient` is the output's.
Tensors results(const Function& function, const Tensors& values, at::ScalarType type, bool own) {
  const Settings settings;
  enable(own);
  const Tensors inputs = leaves(values, type);
  const at::Tensor y = function(inputs);
  Draw draw(99);
  Tensors all = torch::autograd::grad({y}, inputs, {draw(y.sizes()).to(type)});
  all.insert(all.begin(), y.detach());
  return all;
}

double largest(const at::Tensor& tensor) { return tensor.numel() == 0 ? 0 : tensor.abs().max().item<double>(); }

bool is_own(const at::Tensor& y) { return y.grad_fn()->name().find("dha::ops") != std::string::npos; }

void check(const Function& function, const Tensors& values, const std::string& what) {
  BOOST_TEST_CONTEXT(what) {
    BOOST_TEST(is_own(function(leaves(values, at::kFloat))));
    const Tensors exact = results(function, values, at::kDouble, false);
    const Tensors oracle = results(function, values, at::kFloat, false);
    const Tensors own = results(function, values, at::kFloat, true);
    const Tensors own_exact = results(function, values, at::kDouble, true);
    for (size_t i = 0; i < exact.size(); ++i) BOOST_TEST_CONTEXT((i == 0 ? "output" : "gradient ") << i) {
        BOOST_REQUIRE(own[i].sizes() == exact[i].sizes());
        const double scale = largest(exact[i]) + 1e-30;
        const double allowed = 3 * largest(oracle[i].to(at::kDouble) - exact[i]) + 4e-7 * scale;
        BOOST_TEST(largest(own[i].to(at::kDouble) - exact[i]) <= allowed);
        BOOST_TEST(largest(own_exact[i] - exact[i]) <= 1e-12 * scale + 1e-13);
      }
  }
}

// Central differences of a random projection of the output along random directions, one input at a time.
void check_differences(const Function& function, const Tensors& values) {
  const double step = 1e-6;
  const Tensors inputs = leaves(values, at::kDouble);
  const at::Tensor y = function(inputs);
  BOOST_TEST(is_own(y));
  Draw draw(7);
  const at::Tensor projection = draw(y.sizes());
  const Tensors gradients = torch::autograd::grad({y}, inputs, {projection});
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < values.size(); ++i) {
    const at::Tensor direction = draw(values[i].sizes());
    Tensors plus = values, minus = values;
    plus[i] = values[i] + direction * step;
    minus[i] = values[i] - direction * step;
    const double difference = ((function(plus) - function(minus)) * projection).sum().item<double>() / (2 * step);
    const double derivative = (gradients[i] * direction).sum().item<double>();
    BOOST_TEST(std::abs(difference - derivative) <= 1e-6 * (1 + std::abs(derivative)), "input " << i);
  }
}

std::string name(at::IntArrayRef sizes, int64_t kernel, int64_t stride, int64_t dilation) {
  std::string text;
  for (const int64_t size : sizes) text += std::to_string(size) + " ";
  return text + "kernel " + std::to_string(kernel) + " stride " + std::to_string(stride) + " dilation " +
         std::to_string(dilation);
}

Function depthwise(int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t padding = dilation * (kernel / 2);
  return [=](const Tensors& t) {
    return depthwise_convolution(t[0], t[1], {stride, stride}, {padding, padding}, {dilation, dilation});
  };
}

const std::vector<std::vector<int64_t>> kSizes{
    {2, 16, 8, 8}, {3, 20, 9, 7}, {1, 3, 13, 10}, {1, 37, 6, 5}, {2, 72, 5, 11}};

// A chain of halves of separable convolutions; the tensors are x, then depthwise (where there is), pointwise, weight,
// bias of each. Running statistics are not kept.
Function separable(std::vector<Stage> shapes) {
  return [shapes](const Tensors& t) {
    std::vector<Stage> stages = shapes;
    size_t next = 1;
    for (Stage& stage : stages) {
      if (stage.padding[0] + stage.stride[0] > 1) stage.depthwise = t[next++];
      stage.pointwise = t[next++];
      stage.norm = {t[next], t[next + 1], {}, {}};
      next += 2;
    }
    return rectified_separable(t[0], stages, {});
  };
}

Tensors separable_values(Draw& draw, const std::vector<int64_t>& sizes, int64_t kernel, int64_t out, int64_t stages) {
  Tensors values{draw(sizes)};
  int64_t in = sizes[1];
  for (int64_t s = 0; s < stages; ++s) {
    if (kernel > 0) values.push_back(draw({in, 1, kernel, kernel}));
    values.push_back(draw({out, in, 1, 1}));
    values.push_back(draw({out}, 1, 0.3));
    values.push_back(draw({out}));
    in = out;
  }
  return values;
}

Stage stage(int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t padding = dilation * (kernel / 2);
  return {{}, {stride, stride}, {padding, padding}, {dilation, dilation}, {}, {}};
}

Norm without_statistics(const at::Tensor& weight, const at::Tensor& bias) { return {weight, bias, {}, {}}; }

}  // namespace

BOOST_AUTO_TEST_CASE(depthwise_convolution_equals_libtorchs) {
  Draw draw(1);
  for (const auto& sizes : kSizes)
    for (const int64_t kernel : {1, 3, 5, 7})
      for (const int64_t stride : {1, 2})
        for (const int64_t dilation : {1, 2})
          check(depthwise(kernel, stride, dilation), {draw(sizes), draw({sizes[1], 1, kernel, kernel})},
                name(sizes, kernel, stride, dilation));
}

// What was freed holds values that are no numbers, so that a kernel shows that reads memory nobody wrote.
BOOST_AUTO_TEST_CASE(bfloat16_gradients_of_depthwise_convolutions_are_numbers) {
  Draw draw(21);
  const Function dilated = depthwise(3, 1, 2);
  const Tensors values{draw({16, 3, 32, 32}), draw({3, 1, 3, 3})};
  const Tensors exact = results(dilated, values, at::kDouble, false);
  for (int repetition = 0; repetition < 10; ++repetition) {
    Tensors freed;
    for (const int64_t size : {1000, 10000, 100000, 1000000})
      freed.push_back(at::full({size}, std::numeric_limits<float>::quiet_NaN()));
    freed.clear();
    const Tensors found = results(dilated, values, at::kBFloat16, true);
    for (size_t i = 0; i < exact.size(); ++i)
      BOOST_TEST(largest(found[i].to(at::kDouble) - exact[i]) <= 0.02 * largest(exact[i]), "result " << i);
  }
}

BOOST_AUTO_TEST_CASE(depthwise_convolution_takes_kernels_that_are_not_square) {
  Draw draw(2);
  const Function function = [](const Tensors& t) { return depthwise_convolution(t[0], t[1], {1, 2}, {0, 3}, {1, 1}); };
  check(function, {draw({2, 18, 6, 9}), draw({18, 1, 1, 7})}, "1x7, stride 1x2");
  const Function bare = [](const Tensors& t) { return depthwise_convolution(t[0], t[1], {2, 1}, {0, 0}, {2, 1}); };
  check(bare, {draw({2, 18, 8, 9}), draw({18, 1, 3, 2})}, "3x2 without padding");
}

BOOST_AUTO_TEST_CASE(batch_norm_equals_libtorchs) {
  Draw draw(3);
  for (const auto& sizes : kSizes) {
    const at::Tensor x = draw(sizes, 3, 2);
    check([](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], t[2]), {}); },
          {x, draw({sizes[1]}), draw({sizes[1]})}, "affine");
    check([](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], {}), {}); }, {x, draw({sizes[1]})},
          "without bias");
    check([](const Tensors& t) { return batch_norm(t[0], {}, {}); }, {x}, "not affine");
  }
}

BOOST_AUTO_TEST_CASE(batch_norm_is_exact_far_from_zero) {
  Draw draw(4);
  check([](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], t[2]), {}); },
        {draw({4, 19, 16, 16}, 300, 1), draw({19}), draw({19})}, "mean of 300 deviations");
}

BOOST_AUTO_TEST_CASE(separable_convolutions_equal_libtorchs) {
  Draw draw(5);
  for (const auto& sizes : kSizes)
    for (const int64_t kernel : {3, 5})
      for (const int64_t dilation : {1, 2})
        for (const int64_t stride : {1, 2}) {
          const std::string what = name(sizes, kernel, stride, dilation);
          check(separable({stage(kernel, stride, dilation)}), separable_values(draw, sizes, kernel, 21, 1), what);
          check(separable({stage(kernel, stride, dilation), stage(kernel, 1, 1)}),
                separable_values(draw, sizes, kernel, sizes[1], 2), what + ", two stages");
        }
}

BOOST_AUTO_TEST_CASE(a_stage_without_depthwise_convolution_equals_libtorchs) {
  Draw draw(6);
  Stage bare = stage(1, 1, 1);
  bare.stride = {1, 1};
  for (const auto& sizes : kSizes)
    for (const int64_t out : {1, 16, 33}) {
      const Function function = [](const Tensors& t) {
        return rectified_separable(t[0], {{{}, {1, 1}, {0, 0}, {1, 1}, t[1], without_statistics(t[2], t[3])}}, {});
      };
      check(function, separable_values(draw, sizes, 0, out, 1), name(sizes, 1, 1, 1));
    }
}

Function reduction(bool rectify) {
  return [rectify](const Tensors& t) { return factorized_reduction(t[0], t[1], t[2], rectify); };
}

BOOST_AUTO_TEST_CASE(factorized_reductions_equal_libtorchs) {
  Draw draw(7);
  for (const auto& sizes : kSizes)
    for (const int64_t out : {2, 12, 33})
      for (const bool rectify : {false, true})
        check(reduction(rectify), {draw(sizes), draw({out / 2, sizes[1], 1, 1}), draw({out - out / 2, sizes[1], 1, 1})},
              name(sizes, 1, 2, 1) + " out " + std::to_string(out));
}

BOOST_AUTO_TEST_CASE(many_images_are_summed_in_pieces) {
  Draw draw(8);
  check(reduction(true), {draw({67, 17, 5, 4}), draw({8, 17, 1, 1}), draw({8, 17, 1, 1})}, "67 images, reduced");
  check(separable({stage(3, 1, 1), stage(3, 1, 1)}), separable_values(draw, {67, 17, 4, 4}, 3, 17, 2), "67 images");
}

BOOST_AUTO_TEST_CASE(bands_of_a_large_image_join) {
  Draw draw(9);
  check(reduction(true), {draw({1, 30, 121, 90}), draw({5, 30, 1, 1}), draw({6, 30, 1, 1})}, "121x90, reduced");
  for (const int64_t stride : {1, 2})
    check(separable({stage(5, stride, 2)}), separable_values(draw, {1, 18, 90, 61}, 5, 18, 1), "90x61");
}

BOOST_AUTO_TEST_CASE(running_statistics_are_updated_as_libtorchs) {
  Draw draw(10);
  const auto statistics = [&](bool own, bool chain) {
    const Settings settings;
    enable(own);
    Draw same(11);
    const Norm norm{{}, {}, at::zeros({12}, at::kDouble), at::full({12}, 1, at::kDouble)};
    const at::Tensor x = same({3, 12, 4, 5}, 2, 3);
    if (chain)
      rectified_separable(x, {{same({12, 1, 3, 3}), {1, 1}, {1, 1}, {1, 1}, same({12, 12, 1, 1}), norm}},
                          {true, 0.3, 1e-3});
    else
      batch_norm(x, norm, {true, 0.3, 1e-3});
    return Tensors{norm.running_mean, norm.running_var};
  };
  for (const bool chain : {false, true}) {
    const Tensors own = statistics(true, chain), oracle = statistics(false, chain);
    for (size_t i = 0; i < 2; ++i) {
      BOOST_TEST(largest(own[i] - oracle[i]) < 1e-12 * (1 + largest(oracle[i])));
      BOOST_TEST(largest(own[i]) > 0.1);
    }
  }
}

BOOST_AUTO_TEST_CASE(evaluation_uses_running_statistics) {
  Draw draw(12);
  const at::NoGradGuard no_grad;
  const Norm norm{draw({20}), draw({20}), draw({20}), draw({20}).abs() + 0.5};
  const at::Tensor x = draw({2, 20, 7, 6}), depthwise = draw({20, 1, 3, 3}), pointwise = draw({20, 20, 1, 1});
  const auto both = [&] {
    return Tensors{batch_norm(x, norm, {false}),
                   rectified_separable(x, {{depthwise, {2, 2}, {1, 1}, {1, 1}, pointwise, norm}}, {false})};
  };
  const Tensors own = both();
  const Settings settings;
  enable(false);
  const Tensors oracle = both();
  for (size_t i = 0; i < 2; ++i) BOOST_TEST(largest(own[i] - oracle[i]) < 1e-13 * largest(oracle[i]));
}

BOOST_AUTO_TEST_CASE(pools_equal_libtorchs) {
  Draw draw(13);
  for (const auto& sizes : kSizes)
    for (const int64_t kernel : {2, 3, 5})
      for (const int64_t stride : {1, 2}) {
        const Pair window{kernel, kernel}, step{stride, stride}, padding{kernel / 2, kernel / 2};
        const std::string what = name(sizes, kernel, stride, 1);
        check([=](const Tensors& t) { return max_pool(t[0], window, step, padding); }, {draw(sizes)}, what + " max");
        check([=](const Tensors& t) { return average_pool(t[0], window, step, padding); }, {draw(sizes)},
              what + " average");
      }
}

BOOST_AUTO_TEST_CASE(max_pool_takes_the_first_of_equals_and_what_is_no_number) {
  Draw draw(14);
  const Function function = [](const Tensors& t) { return max_pool(t[0], {3, 3}, {1, 1}, {1, 1}); };
  check(function, {draw({2, 19, 9, 9}).round()}, "equal values");
  at::Tensor x = draw({1, 3, 6, 6});
  x[0][1][2][3] = std::numeric_limits<double>::quiet_NaN();
  x[0][2].fill_(-std::numeric_limits<double>::infinity());
  const Tensors own = results(function, {x}, at::kFloat, true), oracle = results(function, {x}, at::kFloat, false);
  for (size_t i = 0; i < own.size(); ++i) {
    BOOST_TEST(at::equal(own[i].isnan(), oracle[i].isnan()));
    BOOST_TEST(at::equal(own[i].nan_to_num(), oracle[i].nan_to_num()));
  }
  BOOST_TEST(own[0].isnan().sum().item<int64_t>() == 9);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_passes_through_relu) {
  Draw draw(15);
  Tensors values = separable_values(draw, {1, 4, 5, 5}, 3, 4, 1);
  values[0][0][2][1][1] = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(separable({stage(3, 1, 1)})(values).isnan().any().item<bool>());
}

BOOST_AUTO_TEST_CASE(gradients_equal_differences) {
  Draw draw(16);
  check_differences(depthwise(3, 2, 1), {draw({2, 9, 7, 6}), draw({9, 1, 3, 3})});
  check_differences(depthwise(5, 1, 2), {draw({1, 9, 7, 6}), draw({9, 1, 5, 5})});
  check_differences([](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], t[2]), {}); },
                    {draw({2, 9, 4, 5}), draw({9}), draw({9})});
  check_differences(separable({stage(3, 2, 1), stage(3, 1, 1)}), separable_values(draw, {2, 9, 7, 6}, 3, 9, 2));
  check_differences(reduction(true), {draw({2, 9, 7, 6}), draw({4, 9, 1, 1}), draw({5, 9, 1, 1})});
  check_differences([](const Tensors& t) { return max_pool(t[0], {3, 3}, {2, 2}, {1, 1}); }, {draw({2, 9, 7, 6})});
  check_differences([](const Tensors& t) { return average_pool(t[0], {3, 3}, {2, 2}, {1, 1}); }, {draw({2, 9, 7, 6})});
}

BOOST_AUTO_TEST_CASE(gradients_have_gradients) {
  Draw draw(17);
  const auto second = [](const Function& function, const Tensors& values, bool own) {
    const Settings settings;
    enable(own);
    const Tensors inputs = leaves(values, at::kDouble);
    const at::Tensor y = function(inputs);
    const Tensors first =
        torch::autograd::grad({(y * y).sum()}, inputs, {}, /*retain_graph=*/true, /*create_graph=*/true);
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (const at::Tensor& gradient : first) sum = sum + (gradient * gradient).sum();
    return torch::autograd::grad({sum}, inputs);
  };
  const std::vector<std::pair<Function, Tensors>> cases{
      {depthwise(3, 2, 1), {draw({2, 5, 7, 6}), draw({5, 1, 3, 3})}},
      {[](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], t[2]), {}); },
       {draw({2, 5, 4, 5}), draw({5}), draw({5})}},
      {separable({stage(3, 1, 1), stage(3, 1, 1)}), separable_values(draw, {2, 5, 4, 4}, 3, 5, 2)},
      {reduction(true), {draw({2, 5, 7, 6}), draw({2, 5, 1, 1}), draw({3, 5, 1, 1})}},
      {[](const Tensors& t) {
         return max_pool(t[0], {3, 3}, {2, 2}, {1, 1});
       },
       {draw({2, 5, 7, 6})}},
      {[](const Tensors& t) {
         return average_pool(t[0], {3, 3}, {2, 2}, {1, 1});
       },
       {draw({2, 5, 7, 6})}}};
  for (const auto& [function, values] : cases) {
    const Tensors own = second(function, values, true), oracle = second(function, values, false);
    for (size_t i = 0; i < own.size(); ++i) {
      BOOST_TEST(largest(own[i] - oracle[i]) <= 1e-9 * largest(oracle[i]));
      BOOST_TEST(largest(oracle[i]) > 0);
    }
  }
}

// A cell: what its nodes read is shared, by operators of dha and of LibTorch, and its outputs are joined. The tensors
// are x, a depthwise weight, a pointwise one, and the halves of a reduction.
at::Tensor cell(const Tensors& t, bool sharing) {
  const auto share = [sharing](const at::Tensor& x) { return sharing ? shared(x) : x; };
  const auto join = [sharing](const Tensors& parts) { return sharing ? join_channels(parts) : at::cat(parts, 1); };
  const at::Tensor x = share(t[0] * 2);
  const at::Tensor first = share(depthwise_convolution(x, t[1], {1, 1}, {1, 1}, {1, 1}) +
                                 max_pool(x, {3, 3}, {1, 1}, {1, 1}) + average_pool(x, {3, 3}, {1, 1}, {1, 1}));
  const at::Tensor second = share(rectified_separable(x, {{t[1], {1, 1}, {1, 1}, {1, 1}, t[2], {}}}, {}) +
                                  batch_norm(first, {}, {}) + first * 3);
  const at::Tensor third = share(max_pool(second, {3, 3}, {1, 1}, {1, 1}) + x + first.exp());
  const at::Tensor joined = join({first, second, third});
  return factorized_reduction(joined, t[3], t[4], true) + average_pool(joined, {2, 2}, {2, 2}, {0, 0}).sum(1, true) +
         joined.mean();
}

Tensors cell_values(const std::vector<int64_t>& sizes) {
  Draw draw(22);
  const int64_t channels = sizes[1];
  return {draw(sizes), draw({channels, 1, 3, 3}), draw({channels, channels, 1, 1}), draw({4, 3 * channels, 1, 1}),
          draw({3, 3 * channels, 1, 1})};
}

BOOST_AUTO_TEST_CASE(gradients_of_shared_tensors_are_added_in_place) {
  for (const std::vector<int64_t>& sizes : {std::vector<int64_t>{2, 12, 8, 6}, {3, 5, 2, 2}, {2, 1, 4, 2}}) {
    const Tensors values = cell_values(sizes);
    const auto found = [&](bool sharing, bool own) {
      return results([sharing](const Tensors& t) { return cell(t, sharing); }, values, at::kDouble, own);
    };
    const Tensors exact = found(false, false);
    for (const bool own : {false, true}) {
      const Tensors sharing = found(true, own);
      for (size_t i = 0; i < exact.size(); ++i)
        BOOST_TEST(largest(sharing[i] - exact[i]) <= 1e-11 * largest(exact[i]) + 1e-13, i);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_shared_tensor_has_the_same_gradients_in_each_backward_pass) {
  const Tensors inputs = leaves(cell_values({2, 12, 8, 6}), at::kFloat);
  const at::Tensor y = cell(inputs, true);
  const at::Tensor gradient = Draw(3)(y.sizes()).to(at::kFloat);
  const auto all = [&] { return torch::autograd::grad({y}, inputs, {gradient}, /*retain_graph=*/true); };
  const Tensors first = all();
  // A pass that needs no gradient of what is shared leaves nothing behind.
  torch::autograd::grad({y}, {inputs[3]}, {gradient}, /*retain_graph=*/true);
  const Tensors second = all();
  for (size_t i = 0; i < first.size(); ++i) BOOST_TEST(at::equal(first[i], second[i]), i);
}

BOOST_AUTO_TEST_CASE(a_joined_gradient_that_others_hold_stays_as_it_is) {
  Draw draw(4);
  const Tensors inputs = leaves({draw({2, 5, 4, 4}), draw({2, 10, 4, 4})}, at::kDouble);
  const at::Tensor part = shared(inputs[0] * 2);
  const at::Tensor joined = join_channels({part, max_pool(part, {3, 3}, {1, 1}, {1, 1})});
  // An addition passes one gradient to both of its inputs.
  const at::Tensor gradient = draw({2, 10, 4, 4});
  const Tensors found = torch::autograd::grad({joined + inputs[1]}, inputs, {gradient});
  BOOST_TEST(at::equal(found[1], gradient));
}

BOOST_AUTO_TEST_CASE(shared_tensors_have_gradients_of_gradients) {
  const Tensors inputs = leaves(cell_values({2, 5, 4, 4}), at::kDouble);
  const auto second = [&](bool sharing) {
    const Tensors first = torch::autograd::grad({cell(inputs, sharing).pow(2).sum()}, inputs, {},
                                                /*retain_graph=*/true, /*create_graph=*/true);
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (const at::Tensor& gradient : first) sum = sum + (gradient * gradient).sum();
    return torch::autograd::grad({sum}, inputs);
  };
  const Tensors shared_ones = second(true), exact = second(false);
  for (size_t i = 0; i < exact.size(); ++i)
    BOOST_TEST(largest(shared_ones[i] - exact[i]) <= 1e-9 * largest(exact[i]), i);
}

BOOST_AUTO_TEST_CASE(results_do_not_depend_on_the_number_of_threads) {
  Draw draw(18);
  const Settings settings;
  const std::vector<std::pair<Function, Tensors>> cases{
      {depthwise(5, 1, 2), {draw({5, 20, 17, 18}), draw({20, 1, 5, 5})}},
      {[](const Tensors& t) { return batch_norm(t[0], without_statistics(t[1], t[2]), {}); },
       {draw({5, 20, 33, 32}), draw({20}), draw({20})}},
      {separable({stage(3, 2, 1), stage(3, 1, 1)}), separable_values(draw, {37, 20, 17, 18}, 3, 20, 2)},
      {reduction(true), {draw({37, 20, 17, 18}), draw({9, 20, 1, 1}), draw({10, 20, 1, 1})}},
      {[](const Tensors& t) {
         return max_pool(t[0], {3, 3}, {1, 1}, {1, 1});
       },
       {draw({5, 20, 17, 18})}},
      {[](const Tensors& t) {
         return average_pool(t[0], {3, 3}, {1, 1}, {1, 1});
       },
       {draw({5, 20, 17, 18})}}};
  for (const auto& [function, values] : cases) {
    at::set_num_threads(1);
    const Tensors one = results(function, values, at::kFloat, true);
    for (const int threads : {2, 3, 7}) {
      at::set_num_threads(threads);
      const Tensors more = results(function, values, at::kFloat, true);
      for (size_t i = 0; i < one.size(); ++i) BOOST_TEST(at::equal(one[i], more[i]), threads << " threads, " << i);
    }
  }
}

BOOST_AUTO_TEST_CASE(everything_else_is_libtorchs) {
  Draw draw(19);
  const Settings settings;
  const Function function = depthwise(3, 1, 1);
  const Tensors values = leaves({draw({2, 6, 5, 4}), draw({6, 1, 3, 3})}, at::kFloat);
  BOOST_TEST(is_own(function(values)));
  const at::Tensor contiguous = values[0].detach().contiguous().set_requires_grad(true);
  BOOST_TEST(!is_own(function({contiguous, values[1]})));
  BOOST_TEST(!is_own(function({values[0].slice(3, 0, 3), values[1]})));
  BOOST_TEST(!is_own(function(leaves({values[0].detach().slice(0, 0, 0), values[1].detach()}, at::kFloat))));
  BOOST_TEST(!is_own(function({values[0].to(at::kBFloat16), values[1].to(at::kBFloat16)})));
  BOOST_TEST(!is_own(batch_norm(contiguous, {}, {})));
  BOOST_TEST(!is_own(max_pool(contiguous, {3, 3}, {1, 1}, {1, 1})));
  const at::Tensor half = values[1].detach().select(1, 0).reshape({9, 6, 1, 1}).contiguous();
  BOOST_TEST(!is_own(factorized_reduction(contiguous, half, half, true)));
  BOOST_TEST(!is_own(average_pool(contiguous, {3, 3}, {1, 1}, {1, 1})));
  const Tensors chain = leaves(separable_values(draw, {2, 6, 5, 4}, 3, 6, 1), at::kFloat);
  BOOST_TEST(is_own(separable({stage(3, 1, 1)})(chain)));
  enable(false);
  BOOST_TEST(!enabled());
  BOOST_TEST(!is_own(function(values)));
  BOOST_TEST(!is_own(separable({stage(3, 1, 1)})(chain)));
  BOOST_TEST(!is_own(batch_norm(values[0], {}, {})));
  enable(true);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  BOOST_TEST(!is_own(function(values)));
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
}

BOOST_AUTO_TEST_CASE(the_environment_sets_the_switch) {
  const char* const value = std::getenv("DHA_OPERATORS");
  BOOST_TEST(enabled() == (value == nullptr || std::string(value) != "libtorch"));
}

BOOST_AUTO_TEST_CASE(an_empty_batch_has_an_empty_result) {
  Draw draw(20);
  const at::Tensor y = separable({stage(3, 2, 1)})(separable_values(draw, {0, 6, 5, 4}, 3, 8, 1));
  BOOST_TEST((y.sizes() == at::IntArrayRef({0, 8, 3, 2})));
}

BOOST_AUTO_TEST_CASE(a_changed_input_is_noticed_in_the_backward_pass) {
  Draw draw(21);
  const Tensors values = leaves({draw({2, 6, 5, 4}), draw({6, 1, 3, 3})}, at::kFloat);
  const at::Tensor x = values[0] * 2;
  const at::Tensor y = depthwise(3, 1, 1)({x, values[1]});
  x.mul_(2);
  BOOST_CHECK_THROW(torch::autograd::grad({y.sum()}, values), c10::Error);
}
