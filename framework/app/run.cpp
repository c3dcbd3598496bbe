// `dha run FILE`: trains a pipeline from the start, in a run directory of its own.
#include <boost/program_options/value_semantic.hpp>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/train_command.hpp"
#include "component/stage_check.hpp"
#include "device/device_properties.hpp"
#include "run/environment.hpp"
#include "run/run_changes.hpp"
#include "stage/model_files.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

// What environment.json holds.
std::string environment_text(const DeviceChoice& device, const PluginRegistry& registry) {
  EnvironmentFacts facts;
  facts.device = device.device.str();
  facts.device_name = device_name(device.device);
  for (const PluginRecord& plugin : registry.plugins())
    if (plugin.state == PluginState::kLoaded) facts.plugins.push_back({plugin.name, plugin.version, plugin.file});
  return describe_environment(facts).dump(2) + "\n";
}

Override initial_weights_of(const std::string& run) {
  const std::filesystem::path path = std::filesystem::weakly_canonical(run);  // not a link such as latest
  return {"initial_weights", nlohmann::json(path.string()).dump(), "--from " + run};
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("out", options::value<std::string>()->default_value("runs")->value_name("DIR"),
                        "folder in which to create the run directory");
  visible.add_options()("from", options::value<std::string>()->value_name("RUN"),
                        "start the first stage with the weights of a finished run, where names and shapes agree");
  add_training_options(visible);
  add_set_option(visible);
  add_device_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("file", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse_command_line(kRunCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("file") == 0) throw missing_argument(kRunCommand, "missing pipeline file", "FILE");
  check_training_options(*values);

  const std::filesystem::path file = (*values)["file"].as<std::string>();
  std::vector<Override> overrides = overrides_of(*values);
  if (values->count("from") > 0) overrides.push_back(initial_weights_of((*values)["from"].as<std::string>()));
  const DeviceChoice device = choose_device(requested_device(file, overrides));
  const PluginRegistry registry = require_plugins(*values);
  const PipelineConfig config = load_pipeline(file, overrides, registry);
  check_without_data(config, registry);  // before there is a run directory
  if (!config.initial_weights.empty()) initial_model(config.initial_weights);
  open_accelerator_code(device, registry, config);
  const RunDirectory directory = RunDirectory::create((*values)["out"].as<std::string>(), config.name, config.seed);
  if (!config.initial_weights.empty()) keep_initial_model(config.initial_weights, directory);
  write_file_atomically(directory.file("pipeline.json"), config.resolved_json);
  record_pipeline(directory, config);
  write_file_atomically(directory.file("environment.json"), environment_text(device, registry));
  return train_in(directory, config, registry, device, *values, /*resuming=*/false);
}

}  // namespace

const Command kRunCommand{
    "run", "run FILE [--out DIR] [--set PATH=VALUE]… [--from RUN] [--device NAME] [--parallel N] [--max-minutes N]",
    "train a pipeline and leave a run directory", run};

}  // namespace dha::app
