// The common part of `dha run` and `dha resume`: trains in a run directory, then prints where the results are.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "storage/run_directory.hpp"

namespace dha::app {

// Adds --json and --parallel.
void add_training_options(boost::program_options::options_description& visible);

// Prints progress to standard error, the result to standard output (a table, or summary.json with --json).
// Returns an ExitStatus.
int train_in(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
             const DeviceChoice& device, const boost::program_options::variables_map& values, bool resuming);

}  // namespace dha::app
