// The common part of `dha run` and `dha resume`: trains in a run directory, then prints where the results are.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha::app {

// Adds --json, --parallel and --max-minutes.
void add_training_options(boost::program_options::options_description& visible);

// Throws Error{kUsage} for values of these that train_in() would refuse. Called before there is a run directory.
void check_training_options(const boost::program_options::variables_map& values);

// Prints progress to standard error, the result to standard output (a table, or summary.json with --json). A run whose
// --max-minutes are over leaves the network that it has got to, and is no failure. Returns an ExitStatus.
int train_in(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             const DeviceChoice& device, const boost::program_options::variables_map& values, bool resuming);

}  // namespace dha::app
