// Opens the pipeline, the device and the plugins of a run, for the verbs that use its network.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <vector>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha::app {

struct OpenedRun {
  std::vector<Override> overrides;  // of --set and --device
  DeviceChoice device;
  PluginRegistry registry;
  PipelineConfig config;
};

// Opens the accelerator before any plugin, as it must be.
OpenedRun open_run(const RunDirectory& directory, const boost::program_options::variables_map& values);

// Prints to standard error why a device was chosen, where there is anything to say, unless the verb is quiet.
void print_note(const DeviceChoice& device, const boost::program_options::variables_map& values);

}  // namespace dha::app
