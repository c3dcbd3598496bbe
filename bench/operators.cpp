// Each operator of dha compared with LibTorch's: forward and backward pass, channels_last, float, on the threads that
// OMP_NUM_THREADS says. The argument `own` is 1 for dha's operator and 0 for LibTorch's.
#include "dha/operators.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>

#include <functional>
#include <vector>

namespace {

using namespace dha::ops;

at::Tensor leaf(at::IntArrayRef sizes) {
  const at::Tensor drawn = at::randn(sizes);
  return (sizes.size() == 4 ? drawn.contiguous(at::MemoryFormat::ChannelsLast) : drawn).set_requires_grad(true);
}

Pair same(int64_t value) { return {value, value}; }

// Weights and the operator of one measurement on x of `channels` channels.
using Make = std::function<std::function<at::Tensor(const at::Tensor& x)>(int64_t channels)>;

void run(benchmark::State& state, const Make& make) {
  const int64_t channels = state.range(0), side = state.range(1), batch = state.range(2);
  enable(state.range(3) == 1);
  const at::Tensor x = leaf({batch, channels, side, side});
  const auto apply = make(channels);
  const at::Tensor gradient = at::randn(apply(x).sizes()).contiguous(at::MemoryFormat::ChannelsLast);
  for (auto _ : state) {
    apply(x).backward(gradient);
    x.mutable_grad().reset();
  }
  state.SetItemsProcessed(state.iterations() * x.numel());
  enable(true);
}

Make depthwise(int64_t kernel, int64_t stride, int64_t dilation) {
  return [=](int64_t channels) {
    const at::Tensor weight = leaf({channels, 1, kernel, kernel});
    return [=](const at::Tensor& x) {
      return depthwise_convolution(x, weight, same(stride), same(dilation * (kernel / 2)), same(dilation));
    };
  };
}

Norm norm(int64_t channels) {
  return {leaf({channels}), leaf({channels}), at::zeros({channels}), at::ones({channels})};
}

Make batch_normalized() {
  return [](int64_t channels) {
    return [weights = norm(channels)](const at::Tensor& x) { return batch_norm(x, weights, {}); };
  };
}

// Both halves of a separable convolution of DARTS.
Make separable(int64_t kernel) {
  return [=](int64_t channels) {
    std::vector<Stage> stages;
    for (int i = 0; i < 2; ++i)
      stages.push_back({leaf({channels, 1, kernel, kernel}), same(1), same(kernel / 2), same(1),
                        leaf({channels, channels, 1, 1}), norm(channels)});
    return [=](const at::Tensor& x) { return rectified_separable(x, stages, {}); };
  };
}

Make pooled(bool largest, int64_t stride) {
  return [=](int64_t) {
    return [=](const at::Tensor& x) {
      return largest ? max_pool(x, same(3), same(stride), same(1)) : average_pool(x, same(3), same(stride), same(1));
    };
  };
}

void add(const char* name, const Make& make) {
  benchmark::RegisterBenchmark(name, [make](benchmark::State& state) { run(state, make); })
      ->ArgNames({"channels", "side", "batch", "own"})
      ->ArgsProduct({{16}, {32}, {32}, {0, 1}})
      ->ArgsProduct({{144}, {8}, {8}, {0, 1}})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  add("depthwise_3x3", depthwise(3, 1, 1));
  add("depthwise_3x3_stride_2", depthwise(3, 2, 1));
  add("depthwise_5x5", depthwise(5, 1, 1));
  add("depthwise_5x5_dilation_2", depthwise(5, 1, 2));
  add("depthwise_7x7", depthwise(7, 1, 1));
  add("batch_norm", batch_normalized());
  add("max_pool_3x3", pooled(true, 1));
  add("max_pool_3x3_stride_2", pooled(true, 2));
  add("average_pool_3x3", pooled(false, 1));
  add("separable_3x3", separable(3));
  add("separable_5x5", separable(5));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
