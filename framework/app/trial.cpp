// `dha trial DIR`: trains one trial of a run, or what is left of it, from its directory alone.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/standard_output.hpp"
#include "app/verb_console.hpp"
#include "dha/error.hpp"
#include "process/signals.hpp"
#include "process/worker_channel.hpp"
#include "storage/atomic_file.hpp"
#include "trial/trial_messages.hpp"
#include "trial/trial_run.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

// Asks the run that started this process, after each epoch, whether to continue; without one it always does.
StageTrainer::KeepGoing keep_going(std::optional<WorkerChannel>& channel) {
  if (!channel) return nullptr;
  return [&channel](const EpochOutcome& epoch) {
    channel->send(epoch_message(epoch));
    const std::optional<std::string> answer = channel->receive();
    if (!answer) throw Error(ErrorCode::kCancelled, "the run that this trial belongs to has ended");
    return *answer == kGo;
  };
}

TrialResult train(const options::variables_map& values, std::optional<WorkerChannel>& channel) {
  const StopSignals signals;
  const RunDirectory directory = RunDirectory::open(values["dir"].as<std::string>());
  const std::vector<Override> overrides = overrides_of(values);
  const DeviceChoice device = choose_device(requested_device(directory.file("pipeline.json"), overrides));
  const PluginRegistry registry = require_plugins(values);
  const PipelineConfig config = load_pipeline(directory.file("pipeline.json"), overrides, registry);
  open_accelerator_code(device, registry, config);
  VerbConsole console(values);
  TrialRun trial(registry, config, device, console, directory);
  return trial.run(keep_going(channel));
}

int run(const std::vector<std::string>& arguments) {
  std::optional<WorkerChannel> channel = WorkerChannel::inherited();
  options::options_description visible("Options"), hidden;
  visible.add_options()("json", "print outcome.json, as without this option");
  add_device_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("dir", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("dir", 1);
  const auto values = parse_command_line(kTrialCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("dir") == 0) throw missing_argument(kTrialCommand, "missing trial directory", "DIR");
  try {
    const TrialResult result = train(*values, channel);
    print_output("{}", read_file(std::filesystem::path((*values)["dir"].as<std::string>()) / kOutcomeFile));
    return result.outcome.status == TrialStatus::kFailed ? kRunFailed : kDone;
  } catch (const Error& error) {
    if (channel && error.code() != ErrorCode::kCancelled) channel->send(error_message(error));
    throw;
  }
}

}  // namespace

const Command kTrialCommand{"trial", "trial DIR [--device NAME] [--json]",
                            "train one trial of a run, from its directory alone", run};

}  // namespace dha::app
