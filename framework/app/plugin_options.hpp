// The option --plugin-path, and the plugins that a verb works with.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "plugin/plugin_registry.hpp"

namespace dha::app {

// Adds --plugin-path DIR, which may be given several times.
void add_plugin_options(boost::program_options::options_description& options);

// Everything that the search order finds, --plugin-path first. With `probe` each file is opened in a child process
// beforehand. Throws Error{kUsage} where a --plugin-path is not there.
PluginRegistry load_plugins(const boost::program_options::variables_map& values, bool probe = false);

}  // namespace dha::app
