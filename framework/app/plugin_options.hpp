// The option --plugin-path, and the plugins that a verb works with.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "plugin/plugin_search.hpp"

namespace dha::app {

// Adds --plugin-path DIR, which may be given several times.
void add_plugin_options(boost::program_options::options_description& options);

// The places that load_plugins() searches, in order, as text for messages: "build/plugins (contains no plugin),
// /usr/lib/dha (does not exist)".
std::string searched_places(const boost::program_options::variables_map& values);

// All plugins in the search order, --plugin-path first. With `probe`, each file is first opened in a child process.
// Throws Error{kUsage} if a --plugin-path does not exist.
PluginRegistry load_plugins(const boost::program_options::variables_map& values, bool probe = false);

// Like load_plugins(), for verbs that need components: if no plugin was found, throws Error{kLoadFailed} that lists the
// searched places.
PluginRegistry require_plugins(const boost::program_options::variables_map& values);

// Configures an accelerator in use according to `config`, and opens the libraries that host and plugins have for it.
void open_accelerator_code(const DeviceChoice& device, const PluginRegistry& registry, const PipelineConfig& config);

}  // namespace dha::app
