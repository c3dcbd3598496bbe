#include "app/train_command.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <optional>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/launch_options.hpp"
#include "app/network_options.hpp"
#include "app/standard_output.hpp"
#include "app/verb_console.hpp"
#include "dha/error.hpp"
#include "process/program_name.hpp"
#include "process/signals.hpp"
#include "process/time_limit.hpp"
#include "run/early_end.hpp"
#include "run/learned_values.hpp"
#include "run/pipeline_runner.hpp"
#include "stage/results.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

// A trial is trained by this program, with the plugins that this process has.
TrialLaunch trial_launch(const options::variables_map& values, const PipelineConfig& config,
                         const DeviceChoice& device) {
  TrialLaunch launch;
  launch.command = same_program("trial", values);
  launch.parallel = parallel_of(values);
  launch.devices = devices_in_turn(config, device);
  return launch;
}

void print_early_end(const RunDirectory& directory, const EarlyEnd& end) {
  const std::string path = directory.path().string();
  print_output("The time is over in {}; {}; continue with: {} resume {}\n", position_in_words(end.progress),
               end.no_model.empty() ? path + "/model/ has the network as it is" : "there is no trained network yet",
               program_name(), path);
}

int end_in_time(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                const DeviceChoice& device, Console& console, bool as_json) {
  Log log(console);
  log.open(directory.file("log.txt"));
  const EarlyEnd end = end_early(directory, config, registry, device.device, log);
  if (!end.no_model.empty()) log.write(LogLevel::kDebug, "dha", end.no_model);
  if (as_json)
    print_output("{}", read_file(directory.file("summary.json")));
  else
    print_early_end(directory, end);
  return kDone;
}

}  // namespace

void add_training_options(options::options_description& visible) {
  visible.add_options()("json", "print the summary as JSON")(
      "parallel", options::value<int64_t>()->value_name("N"),
      "train N trials at a time, instead of the file's number; results do not depend on it");
  add_time_option(visible);
}

void check_training_options(const options::variables_map& values) {
  parallel_of(values);
  minutes_of(values);
}

int train_in(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             const DeviceChoice& device, const boost::program_options::variables_map& values, bool resuming) {
  const TrialLaunch launch = trial_launch(values, config, device);
  const StopSignals signals;
  std::optional<TimeLimit> limit;
  if (const auto minutes = minutes_of(values)) limit.emplace(*minutes);
  VerbConsole console(values);
  console.line(fmt::format("{} '{}' on {} in {}", resuming ? "resuming" : "running", config.name, in_words(device),
                           directory.path().string()));
  PipelineRunner runner(registry, config, device, launch, console, directory);
  std::vector<StageResult> results;
  try {
    results = resuming
                  ? runner.resume(values.count("accept-changed-data") > 0 ? DataChange::kContent : DataChange::kNone)
                  : runner.run();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled || stop_reason() != StopReason::kTime) throw;
    limit.reset();  // the export may take what was kept back for it
    return end_in_time(directory, config, registry, device, console, values.count("json") > 0);
  }
  if (values.count("json") > 0) {
    print_output("{}", read_file(directory.file("summary.json")));
    return kDone;
  }
  const std::string path = directory.path().string();
  print_output("\n{}\n", results_table(results));
  const std::vector<std::string> learned = learned_values(directory, results);
  for (const std::string& line : learned) print_output("{}\n", line);
  if (!learned.empty()) print_output("\n");
  print_output(
      "summary       {0}/summary.json\narchitecture  {0}/architecture.svg\npolicy        {0}/policy.json\n"
      "model         {0}/model/\nreport        {0}/report.html\nnext          {1} eval {0}\n",
      path, program_name());
  return kDone;
}

}  // namespace dha::app
