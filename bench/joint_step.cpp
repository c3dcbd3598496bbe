// Times a joint step of DHA compared with a plain training step of the same network, candidates and augmentation.
//
//   joint_step [OPTIONS] [channels] [cells] [batch] [rounds]
//
// Without options: steps of all kinds in turns, medians and ratios. KIND is plain, next or batch (joint_contender.hpp):
//   --memory KIND       three steps, then the process's peak memory in MB before the first and at the end
//   --serve KIND        prints the threads and the gates, then answers each line on stdin, a number of steps, with
//   their
//                       milliseconds: for scripts that take turns with other programs
//   --profile KIND      where the time of five steps goes, by operator
//   --operations A,B,…  candidates of an edge; the first two are active
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "device/memory.hpp"
#include "joint_contender.hpp"
#include "operator_profile.hpp"
#include "process/freed_memory.hpp"
#include "timing.hpp"

namespace {

using namespace dha;
using namespace dha::bench;

constexpr int kProfiledSteps = 5;

struct Options {
  std::string mode, kind;
  StepSize size;
  int64_t rounds = 15;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Options read(int argc, char** argv) {
  Options options;
  int64_t* const numbers[] = {&options.size.channels, &options.size.cells, &options.size.batch, &options.rounds};
  size_t next_number = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--operations" && i + 1 < argc) {
      options.size.operations = split(argv[++i]);
    } else if (argument.starts_with("--") && i + 1 < argc) {
      options.mode = argument;
      options.kind = argv[++i];
    } else if (next_number < std::size(numbers)) {
      *numbers[next_number++] = std::stoll(argument);
    }
  }
  return options;
}

void compare(const PluginRegistry& registry, const Options& options) {
  const std::vector<std::string> kinds{"plain", "next", "batch"};
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const std::string& kind : kinds) contenders.push_back(std::make_unique<Contender>(registry, options.size, kind));
  std::vector<std::vector<double>> times(kinds.size());
  for (int64_t round = -3; round < options.rounds; ++round)
    for (size_t i = 0; i < kinds.size(); ++i) {
      const double milliseconds = contenders[i]->time();
      if (round >= 0) times[i].push_back(milliseconds);
    }
  fmt::print("C={} cells={} batch={} threads={} rounds={}\n", options.size.channels, options.size.cells,
             options.size.batch, at::get_num_threads(), options.rounds);
  for (size_t i = 0; i < kinds.size(); ++i) {
    std::vector<double> ratios;
    for (size_t round = 0; round < times[i].size(); ++round) ratios.push_back(times[i][round] / times[0][round]);
    fmt::print("{:6} {:8.1f} ms   {:.3f} times plain (median of ratios a round)\n", kinds[i], median(times[i]),
               median(ratios));
  }
}

void measure_memory(const PluginRegistry& registry, const Options& options) {
  Contender contender(registry, options.size, options.kind);
  const double before = static_cast<double>(peak_host_memory_bytes()) / 1e6;
  for (int i = 0; i < 3; ++i) contender.time();
  fmt::print("{:.0f} {:.0f}\n", before, static_cast<double>(peak_host_memory_bytes()) / 1e6);
}

void serve(const PluginRegistry& registry, const Options& options) {
  Contender contender(registry, options.size, options.kind);
  fmt::print("{} {}\n", at::get_num_threads(), contender.gates());
  std::fflush(stdout);
  for (int steps = 0; std::cin >> steps;) {
    for (int i = 0; i < steps; ++i) fmt::print("{:.3f} ", contender.time());
    fmt::print("\n");
    std::fflush(stdout);
  }
}

void profile(const PluginRegistry& registry, const Options& options) {
  Contender contender(registry, options.size, options.kind);
  for (int i = 0; i < 3; ++i) contender.time();
  OperatorProfile profile;
  double milliseconds = 0;
  for (int i = 0; i < kProfiledSteps; ++i) milliseconds += contender.time();
  fmt::print("step '{}': C={} cells={} batch={} threads={}, {} steps of {:.1f} ms\n", options.kind,
             options.size.channels, options.size.cells, options.size.batch, at::get_num_threads(), kProfiledSteps,
             milliseconds / kProfiledSteps);
  fmt::print("{}", profile.table(kProfiledSteps, milliseconds));
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  const Options options = read(argc, argv);
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  register_fixed_gates(registry);
  if (options.mode == "--memory")
    measure_memory(registry, options);
  else if (options.mode == "--serve")
    serve(registry, options);
  else if (options.mode == "--profile")
    profile(registry, options);
  else
    compare(registry, options);
  return 0;
}
