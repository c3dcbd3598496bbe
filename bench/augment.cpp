// Images per second of dha.random_pairs on one thread, drawing included. The component is loaded from its plugin as a
// run loads it; bench/peers/augmentation.py compares it with Pillow and tells what drawing costs.
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

#include "component/guarded_augmenter.hpp"
#include "component/lone_stage.hpp"
#include "dha/augmenter.hpp"
#include "dha/params.hpp"
#include "plugin/plugin_registry.hpp"

namespace {

using namespace dha;

DatasetInfo info_of(int64_t channels, int64_t side) {
  DatasetInfo info;
  info.classes = 10;
  info.channels = channels;
  info.height = info.width = side;
  info.mean.assign(static_cast<size_t>(channels), 0.45);
  info.standard_deviation.assign(static_cast<size_t>(channels), 0.25);
  return info;
}

// dha.random_pairs with a batch to work on: noise, on which no operation has an easy path.
class Augmentation {
 public:
  Augmentation(int64_t batch, int64_t channels, int64_t side, double magnitude)
      : stage_(info_of(channels, side), batch),
        augmenter_(registry(), {}, use(magnitude), "bench"),
        images_(at::randint(256, {batch, channels, side, side}, at::kByte)),
        labels_(at::zeros({batch}, at::kLong)) {
    augmenter_.prepare(stage_);
  }

  void apply() { benchmark::DoNotOptimize(augmenter_.apply(images_, labels_).images.data_ptr()); }

 private:
  static const PluginRegistry& registry() {
    static const PluginRegistry loaded = [] {
      PluginRegistry made;
      made.load_directory(DHA_BENCH_PLUGIN_DIR, true);
      return made;
    }();
    return loaded;
  }

  static ComponentUse use(double magnitude) {
    const std::string params = fmt::format("{{\"magnitude_max\": {}}}", magnitude);
    return {"dha.random_pairs",
            check_params(registry().find(Augmenter::kKind, "dha.random_pairs").schema_json, params).completed};
  }

  LoneStage stage_;
  GuardedAugmenter augmenter_;
  at::Tensor images_, labels_;
};

// Arguments: images per batch, side (px), magnitude_max.
void random_pairs(benchmark::State& state) {
  const int64_t batch = state.range(0), side = state.range(1);
  const auto magnitude = static_cast<double>(state.range(2));
  Augmentation augmentation(batch, 3, side, magnitude);
  for (auto _ : state) augmentation.apply();
  const auto batches = static_cast<double>(state.iterations());
  state.counters["images"] = benchmark::Counter(batches * static_cast<double>(batch), benchmark::Counter::kIsRate);
}

BENCHMARK(random_pairs)
    ->ArgNames({"batch", "side", "magnitude"})
    ->Args({96, 32, 1})
    ->Args({96, 32, 10})
    ->Args({96, 224, 1})
    ->Args({96, 224, 10})
    ->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
