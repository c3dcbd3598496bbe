#include "app/plugin_options.hpp"

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace dha::app {

namespace po = boost::program_options;

std::vector<PluginDirectory> searched_directories(const po::variables_map& values) {
  std::vector<std::filesystem::path> asked;
  if (values.count("plugin-path") != 0)
    for (const std::string& path : values["plugin-path"].as<std::vector<std::string>>()) asked.emplace_back(path);
  return plugin_directories(asked);
}

void add_plugin_options(po::options_description& options) {
  options.add_options()("plugin-path", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
                        "look for plugins in DIR first, or load the one file that it names (repeatable)");
}

PluginRegistry load_plugins(const po::variables_map& values, bool probe) {
  PluginRegistry registry;
  if (probe) registry.probe_in_child();
  for (const PluginDirectory& directory : searched_directories(values)) {
    if (std::filesystem::is_regular_file(directory.path))
      registry.load_file(directory.path);
    else
      registry.load_directory(directory.path, directory.required);
  }
  return registry;
}

void open_accelerator_code(const DeviceChoice& device, const PluginRegistry& registry) {
  std::vector<std::filesystem::path> libraries = registry.accelerator_libraries();
  if (std::filesystem::path own = host_accelerator_library(); !own.empty()) libraries.push_back(std::move(own));
  open_accelerator_libraries(device, libraries);
}

}  // namespace dha::app
