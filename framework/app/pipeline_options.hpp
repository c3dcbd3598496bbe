// The options of verbs that read a pipeline file: --set, --device, and the file itself.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha::app {

// Adds --set PATH=VALUE (repeatable).
void add_set_option(boost::program_options::options_description& options);

// Adds --device, which overrides the file's.
void add_device_option(boost::program_options::options_description& options);

// The overrides of --set and --device, in order. Throws Error{kUsage} for one without "=".
std::vector<Override> overrides_of(const boost::program_options::variables_map& values);

}  // namespace dha::app
