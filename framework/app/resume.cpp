// `dha resume RUN`: goes on with a run that was interrupted, from its newest good checkpoint.
#include <boost/program_options/value_semantic.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "app/train_command.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("quiet,q", "show warnings and the result only")("json", "print the summary as JSON");
  add_plugin_options(visible);
  hidden.add_options()("run", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_command_line(kResumeCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kResumeCommand, "which run directory?", "RUN");

  const RunDirectory directory = RunDirectory::open((*values)["run"].as<std::string>());
  const DeviceChoice device = choose_device(requested_device(directory.file("pipeline.json"), {}));
  const PluginRegistry registry = require_plugins(*values);
  const PipelineConfig config = load_pipeline(directory.file("pipeline.json"), {}, registry);
  open_accelerator_code(device, registry);
  return train_in(directory, config, registry, device, *values, /*resuming=*/true);
}

}  // namespace

const Command kResumeCommand{"resume", "resume RUN", "go on with an interrupted run", run};

}  // namespace dha::app
