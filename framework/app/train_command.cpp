#include "app/train_command.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "app/command.hpp"
#include "process/program_name.hpp"
#include "process/signals.hpp"
#include "report/console.hpp"
#include "run/pipeline_runner.hpp"
#include "stage/run_artifacts.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

int train_in(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             const DeviceChoice& device, const boost::program_options::variables_map& values, bool resuming) {
  const StopSignals signals;
  const bool quiet = values.count("quiet") > 0;
  Console console(stderr, quiet ? Console::Mode::kQuiet : Console::Mode::kAutomatic);
  console.line(fmt::format("{} '{}' on {} in {}", resuming ? "resuming" : "running", config.name, device.device.str(),
                           directory.path().string()));
  PipelineRunner runner(registry, config, device, console, directory);
  const std::vector<StageResult> results = resuming ? runner.resume() : runner.run();
  if (values.count("json") > 0) {
    fmt::print("{}", read_file(directory.file("summary.json")));
    return kDone;
  }
  const std::string path = directory.path().string();
  fmt::print("\n{}\n", results_table(results));
  fmt::print(
      "summary       {0}/summary.json\narchitecture  {0}/architecture.svg\npolicy        {0}/policy.json\n"
      "model         {0}/model/\nnext          {1} eval {0}\n",
      path, program_name());
  return kDone;
}

}  // namespace dha::app
