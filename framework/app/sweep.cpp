// `dha sweep FILE`: trains a pipeline with each combination of values and each seed, and compares the runs.
#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <thread>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/comparison_options.hpp"
#include "app/launch_options.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/verb_console.hpp"
#include "dha/error.hpp"
#include "page/comparison_page.hpp"
#include "pipeline/value_lists.hpp"
#include "process/signals.hpp"
#include "run/sweep.hpp"
#include "run/sweep_plan.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;
namespace fs = std::filesystem;

std::vector<SweptSetting> settings_of(const options::variables_map& values) {
  std::vector<SweptSetting> settings;
  if (values.count("set") > 0)
    for (const std::string& text : values["set"].as<std::vector<std::string>>())
      settings.push_back(parse_swept_setting(text));
  return settings;
}

std::vector<Override> device_override(const options::variables_map& values) {
  if (values.count("device") == 0) return {};
  const std::string device = values["device"].as<std::string>();
  return {{"device", '"' + device + '"', "--device " + device}};
}

// OMP_NUM_THREADS, as a single run takes it; 0 if it is not set to one number.
int64_t threads_of_environment() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  if (text == nullptr) return 0;
  const std::string_view digits(text);
  int64_t threads = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), threads);
  return error == std::errc() && end == digits.data() + digits.size() ? std::max<int64_t>(threads, 0) : 0;
}

// A number of threads can change the last bits of a result, so that a sweep keeps the one that it began with.
int64_t threads_of(const options::variables_map& values, const fs::path& folder, int64_t parallel) {
  if (values.count("threads") > 0) {
    const auto threads = values["threads"].as<int64_t>();
    if (threads < 1 || threads > 1024)
      throw Error(ErrorCode::kUsage, fmt::format("--threads must be 1 to 1024, found {}", threads));
    return threads;
  }
  if (const int64_t recorded = recorded_threads(folder); recorded > 0) return recorded;
  if (const int64_t threads = threads_of_environment(); threads > 0) return threads;
  return std::max<int64_t>(1, static_cast<int64_t>(std::thread::hardware_concurrency()) / parallel);
}

fs::path folder_of(const options::variables_map& values, const PipelineConfig& config) {
  const fs::path folder =
      values.count("out") > 0 ? fs::path(values["out"].as<std::string>()) : fs::path("sweeps") / config.name;
  if (folder.empty()) throw Error(ErrorCode::kUsage, "--out must name a folder, found ''");
  return fs::absolute(folder).lexically_normal();
}

SweepLaunch launch_of(const options::variables_map& values, int64_t parallel) {
  SweepLaunch launch{same_program("run", values), same_program("resume", values), {}, parallel};
  if (minutes_of(values))
    for (auto* command : {&launch.run, &launch.resume})
      command->insert(command->end(), {"--max-minutes", fmt::format("{}", values["max-minutes"].as<double>())});
  return launch;
}

// The status of the program.
int finish(const SweepOutcome& outcome, const fs::path& folder, size_t planned, Console& console,
           const options::variables_map& values) {
  console.line(fmt::format("{} of {} runs have finished", outcome.finished, planned));
  if (outcome.out_of_time > 0)
    console.line(fmt::format("{} stopped in time; the same command continues {}", outcome.out_of_time,
                             outcome.out_of_time == 1 ? "it" : "them"));
  if (!outcome.runs.empty()) {
    const compare::Comparison comparison = compare::compare_runs(outcome.runs, comparison_options(values));
    print_comparison(comparison, values);
    std::cout.flush();
    const fs::path file = folder / page::kComparisonFile;
    write_file_atomically(file, page::page_of(comparison));
    console.line(fmt::format("the comparison as a page: {}", file.string()));
  }
  for (const std::string& one : outcome.failed) fmt::print(stderr, "dha: {}\n", one);
  return outcome.failed.empty() ? kDone : kRunFailed;
}

int sweep(const options::variables_map& values) {
  check_format_options(values);
  const fs::path file = values["file"].as<std::string>();
  const std::vector<SweptSetting> settings = settings_of(values);
  const std::vector<uint64_t> seeds =
      values.count("seeds") > 0 ? parse_seeds(values["seeds"].as<std::string>()) : std::vector<uint64_t>();
  const std::vector<Override> common = device_override(values);
  const int64_t parallel = parallel_of(values).value_or(1);
  SweepLaunch launch = launch_of(values, parallel);

  const StopSignals signals;
  const DeviceChoice device = choose_device(requested_device(file, common));
  const PluginRegistry registry = require_plugins(values);
  std::vector<Override> first = common;
  for (const SweptSetting& setting : settings) first.push_back({setting.path, setting.values.front(), ""});
  const PipelineConfig config = load_pipeline(file, first, registry);
  const fs::path folder = folder_of(values, config);
  launch.devices = devices_in_turn(config, device);
  const SweepPlan plan = plan_sweep(file, common, seeds, settings, threads_of(values, folder, parallel), registry);
  record_sweep(folder, plan);
  VerbConsole console(values);
  console.line(fmt::format("sweeping '{}' on {} in {}: {} runs, {} at a time, {} thread{} each", plan.name,
                           in_words(device), folder.string(), plan.runs.size(), parallel, plan.threads,
                           plan.threads == 1 ? "" : "s"));
  return finish(Sweep(folder, plan, launch, console).run(), folder, plan.runs.size(), console, values);
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("seeds", options::value<std::string>()->value_name("LIST"),
                        "1..5 or 1,3,7: train with each; default: the file's seed")(
      "set", options::value<std::vector<std::string>>()->composing()->value_name("PATH=V1,V2"),
      "values that a setting takes in turn, separated by commas outside of JSON lists, objects and strings "
      "(repeatable: "
      "all combinations)")("out", options::value<std::string>()->value_name("FOLDER"),
                           "folder of the sweep; default: sweeps/<name>");
  visible.add_options()("parallel", options::value<int64_t>()->value_name("N"), "train N runs at a time; default: 1")(
      "threads", options::value<int64_t>()->value_name("N"),
      "compute threads of each run; default: what the sweep began with, or OMP_NUM_THREADS, or the cores divided by "
      "--parallel");
  add_time_option(visible);
  add_comparison_options(visible);
  add_format_options(visible);
  add_device_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("file", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse_command_line(kSweepCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("file") == 0) throw missing_argument(kSweepCommand, "missing pipeline file", "FILE");
  return sweep(*values);
}

}  // namespace

const Command kSweepCommand{"sweep",
                            "sweep FILE [--seeds 1..5] [--set PATH=V1,V2]… [--parallel N] [--out FOLDER] "
                            "[--max-minutes N]",
                            "train a pipeline with several seeds and settings, and compare the runs", run};

}  // namespace dha::app
