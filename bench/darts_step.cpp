// Serves search steps of DARTS on the cell space: eight operations on every edge, no affine weights in candidates, no
// auxiliary head, as published. bench/peers/darts_step.py compares it with PyTorch.
//
//   darts_step [--memory | --profile] ORDER CHANNELS CELLS BATCH
//
// Prints the threads and the number of weights, then answers each line on stdin, a number of steps, with their
// milliseconds in one line. --memory: three steps, then the process's peak memory in MB before the first and at the
// end. --profile: where the time of three steps goes, by operator.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "device/memory.hpp"
#include "operator_profile.hpp"
#include "process/freed_memory.hpp"
#include "search_contender.hpp"

namespace {

using namespace dha;
using namespace dha::bench;
using Json = nlohmann::json;

constexpr int kSteps = 3;

SearchSetup setup(const std::vector<std::string>& arguments) {
  const Json operations{"none",         "max_pool_3x3", "avg_pool_3x3", "skip_connect",
                        "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"};
  const Json space{
      {"use", "dha.cell"},        {"channels", std::stoll(arguments[1])}, {"cells", std::stoll(arguments[2])},
      {"operations", operations}, {"candidate_affine", "none"},           {"auxiliary_weight", 0}};
  const Json searcher{{"use", "dha.darts"}, {"order", std::stoll(arguments[0])}};
  return {space.dump(), searcher.dump(), "", std::stoll(arguments[3]), {}};
}

void measure_memory(SearchContender& contender) {
  const double before = static_cast<double>(peak_host_memory_bytes()) / 1e6;
  for (int i = 0; i < kSteps; ++i) contender.time();
  fmt::print("{:.0f} {:.0f}\n", before, static_cast<double>(peak_host_memory_bytes()) / 1e6);
}

void profile(SearchContender& contender) {
  contender.time();
  OperatorProfile profile;
  double milliseconds = 0;
  for (int i = 0; i < kSteps; ++i) milliseconds += contender.time();
  fmt::print("{} steps of {:.1f} ms on {} threads\n", kSteps, milliseconds / kSteps, at::get_num_threads());
  fmt::print("{}", profile.table(kSteps, milliseconds));
}

void serve(SearchContender& contender) {
  fmt::print("{} {}\n", at::get_num_threads(), contender.parameters());
  std::fflush(stdout);
  for (int steps = 0; std::cin >> steps;) {
    for (int i = 0; i < steps; ++i) fmt::print("{:.3f} ", contender.time());
    fmt::print("\n");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string mode;
  if (!arguments.empty() && arguments[0].starts_with("--")) {
    mode = arguments[0];
    arguments.erase(arguments.begin());
  }
  if (arguments.size() != 4) {
    fmt::print(stderr, "usage: darts_step [--memory | --profile] ORDER CHANNELS CELLS BATCH\n");
    return 2;
  }
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  SearchContender contender(registry, setup(arguments));
  if (mode == "--memory")
    measure_memory(contender);
  else if (mode == "--profile")
    profile(contender);
  else
    serve(contender);
  return 0;
}
