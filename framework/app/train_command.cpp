#include "app/train_command.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "device/device_properties.hpp"
#include "dha/error.hpp"
#include "process/program_name.hpp"
#include "process/signals.hpp"
#include "report/console.hpp"
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
  launch.command = {std::filesystem::read_symlink("/proc/self/exe").string(), "trial"};
  if (values.count("plugin-path") > 0)
    for (const std::string& path : values["plugin-path"].as<std::vector<std::string>>())
      launch.command.insert(launch.command.end(), {"--plugin-path", std::filesystem::absolute(path).string()});
  if (values.count("parallel") > 0) {
    launch.parallel = values["parallel"].as<int64_t>();
    if (*launch.parallel < 1 || *launch.parallel > 1024)
      throw Error(ErrorCode::kUsage, fmt::format("--parallel must be 1 to 1024, found {}", *launch.parallel));
  }
  const bool names_one = config.device.find(':') != std::string::npos;
  if (device.device.is_cuda() && !names_one)
    for (int64_t index = 0; index < device_count(device.device); ++index)
      launch.devices.push_back(fmt::format("cuda:{}", index));
  return launch;
}

}  // namespace

void add_training_options(options::options_description& visible) {
  visible.add_options()("json", "print the summary as JSON")(
      "parallel", options::value<int64_t>()->value_name("N"),
      "train N trials at a time, instead of the file's number; results do not depend on it");
}

int train_in(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             const DeviceChoice& device, const boost::program_options::variables_map& values, bool resuming) {
  const TrialLaunch launch = trial_launch(values, config, device);
  const StopSignals signals;
  Console console(stderr, is_quiet(values) ? Console::Mode::kQuiet : Console::Mode::kAutomatic);
  console.line(fmt::format("{} '{}' on {} in {}", resuming ? "resuming" : "running", config.name, in_words(device),
                           directory.path().string()));
  PipelineRunner runner(registry, config, device, launch, console, directory);
  const std::vector<StageResult> results =
      resuming ? runner.resume(values.count("accept-changed-data") > 0 ? DataChange::kContent : DataChange::kNone)
               : runner.run();
  if (values.count("json") > 0) {
    fmt::print("{}", read_file(directory.file("summary.json")));
    return kDone;
  }
  const std::string path = directory.path().string();
  fmt::print("\n{}\n", results_table(results));
  const std::vector<std::string> learned = learned_values(directory, results);
  for (const std::string& line : learned) fmt::print("{}\n", line);
  if (!learned.empty()) fmt::print("\n");
  fmt::print(
      "summary       {0}/summary.json\narchitecture  {0}/architecture.svg\npolicy        {0}/policy.json\n"
      "model         {0}/model/\nreport        {0}/report.html\nnext          {1} eval {0}\n",
      path, program_name());
  return kDone;
}

}  // namespace dha::app
