// How time and memory of a search step grow with the number of candidates of a choice, of which a path sampler runs
// one.
//
// usage: candidates_step [CHANNELS BLOCKS BATCH ROUNDS]
//
// The candidates are alike (equal_candidates.hpp), so that nothing but their number differs. The steps of a searcher
// take turns. "held" is what tensors hold between steps: weights, momentum, statistics. "for a step" is the most that
// tensors hold within a step beyond that: activations, gradients of the weights that ran. Both are counts of LibTorch's
// allocator, which no load changes, in a pass of their own; the time is of a pass without counting.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "allocation_meter.hpp"
#include "equal_candidates.hpp"
#include "process/freed_memory.hpp"
#include "search_contender.hpp"
#include "timing.hpp"

namespace {

using namespace dha;
using namespace dha::bench;
using Json = nlohmann::json;

constexpr std::array<int64_t, 4> kCandidates{2, 4, 8, 16};
constexpr int kMeasuredSteps = 5;

struct Size {
  int64_t channels = 16, blocks = 8, batch = 32, rounds = 15;
};

struct Kind {
  std::string name;
  Json searcher;
  Progress progress;
};

// Step 0 is one of weights alone, step 4 the first with an update of ProxylessNAS's scores.
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"dha.enas", {{"use", "dha.enas"}}, {}},
      {"dha.manas, with its rating", {{"use", "dha.manas"}}, {}},
      {"dha.proxyless, weight step", {{"use", "dha.proxyless"}, {"warm_up_epochs", 0}}, {}},
      {"dha.proxyless, scores of two paths",
       {{"use", "dha.proxyless"}, {"warm_up_epochs", 0}, {"gradient", "two_paths"}},
       {.step = 4}},
      {"dha.proxyless, scores of all", {{"use", "dha.proxyless"}, {"warm_up_epochs", 0}}, {.step = 4}},
      {"dha.darts, order 1, for comparison", {{"use", "dha.darts"}, {"order", 1}}, {}}};
  return all;
}

SearchSetup setup(const Kind& kind, const Size& size, int64_t candidates) {
  const Json space{{"use", "bench.equal_candidates"},
                   {"candidates", candidates},
                   {"channels", size.channels},
                   {"blocks", size.blocks}};
  return {space.dump(), kind.searcher.dump(), "", size.batch, kind.progress};
}

struct Memory {
  int64_t held = 0, step = 0;  // bytes
};

Memory measure_memory(const PluginRegistry& registry, const SearchSetup& setup) {
  AllocationMeter meter;
  SearchContender contender(registry, setup);
  Memory most;
  for (int i = 0; i < kMeasuredSteps; ++i) {
    meter.restart();
    contender.time();
    most = {meter.held(), std::max(most.step, meter.peak() - meter.held())};
  }
  return most;
}

// The median step of each number of candidates, in turns.
std::vector<double> measure_time(const PluginRegistry& registry, const Kind& kind, const Size& size) {
  std::vector<std::unique_ptr<SearchContender>> contenders;
  for (const int64_t candidates : kCandidates)
    contenders.push_back(std::make_unique<SearchContender>(registry, setup(kind, size, candidates)));
  std::vector<std::vector<double>> times(contenders.size());
  for (int64_t round = -3; round < size.rounds; ++round)
    for (size_t i = 0; i < contenders.size(); ++i) {
      const double milliseconds = contenders[i]->time();
      if (round >= 0) times[i].push_back(milliseconds);
    }
  std::vector<double> medians;
  for (const std::vector<double>& of_one : times) medians.push_back(median(of_one));
  return medians;
}

double megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

void measure(const PluginRegistry& registry, const Kind& kind, const Size& size) {
  const std::vector<double> times = measure_time(registry, kind, size);
  for (size_t i = 0; i < kCandidates.size(); ++i) {
    const Memory memory = measure_memory(registry, setup(kind, size, kCandidates[i]));
    fmt::print("{:36} {:2} {:8.1f} ms, {:.3f} of {}'s {:8.2f} MB for a step {:8.2f} MB held\n", kind.name,
               kCandidates[i], times[i], times[i] / times[0], kCandidates[0], megabytes(memory.step),
               megabytes(memory.held));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  Size size;
  if (argc == 5)
    size = {std::stoll(argv[1]), std::stoll(argv[2]), std::stoll(argv[3]), std::max(1LL, std::stoll(argv[4]))};
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  register_equal_candidates(registry);
  fmt::print("search steps over the candidates of a choice: {} channels, {} blocks, {} images of 32 px, {} threads\n",
             size.channels, size.blocks, size.batch, at::get_num_threads());
  for (const Kind& kind : kinds()) measure(registry, kind, size);
  return 0;
}
