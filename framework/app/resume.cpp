// `dha resume RUN`: continues a run that was interrupted, from its newest good checkpoint; with --set it trains or
// searches longer, or finds its data elsewhere.
#include <boost/program_options/value_semantic.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/train_command.hpp"
#include "run/run_changes.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  add_training_options(visible);
  visible.add_options()("set", options::value<std::vector<std::string>>()->composing()->value_name("PATH=VALUE"),
                        "stages.NAME.epochs=N or stages.NAME.trials.count=N: train longer; dataset.path=DIR: the new "
                        "location of the data")(
      "accept-changed-data", "continue although names or contents of images have changed since the run began");
  add_plugin_options(visible);
  hidden.add_options()("run", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_command_line(kResumeCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kResumeCommand, "missing run directory", "RUN");
  check_training_options(*values);

  const RunDirectory directory = RunDirectory::open((*values)["run"].as<std::string>());
  const std::vector<Override> changes = overrides_of(*values);
  const DeviceChoice device = choose_device(requested_device(directory.file("pipeline.json"), changes));
  const PluginRegistry registry = require_plugins(*values);
  const PipelineConfig config = resumed_pipeline(directory, changes, registry);
  open_accelerator_code(device, registry, config);
  return train_in(directory, config, registry, device, *values, /*resuming=*/true);
}

}  // namespace

const Command kResumeCommand{"resume", "resume RUN [--set stages.NAME.epochs=N]… [--parallel N] [--max-minutes N]",
                             "continue an interrupted run, or train a finished one longer", run};

}  // namespace dha::app
