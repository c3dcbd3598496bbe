#include "app/opened_run.hpp"

#include <utility>

#include "app/command_line.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "report/console.hpp"

namespace dha::app {

OpenedRun open_run(const RunDirectory& directory, const boost::program_options::variables_map& values) {
  std::vector<Override> overrides = overrides_of(values);
  DeviceChoice device = choose_device(requested_device(directory.file("pipeline.json"), overrides));
  PluginRegistry registry = require_plugins(values);
  PipelineConfig config = load_pipeline(directory.file("pipeline.json"), overrides, registry);
  open_accelerator_code(device, registry, config);
  return {std::move(overrides), std::move(device), std::move(registry), std::move(config)};
}

void print_note(const DeviceChoice& device, const boost::program_options::variables_map& values) {
  if (!device.note.empty() && !is_quiet(values)) Console(stderr).line("dha: device " + in_words(device));
}

}  // namespace dha::app
