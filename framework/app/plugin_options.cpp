#include "app/plugin_options.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "device/arithmetic.hpp"
#include "dha/error.hpp"
#include "process/program_name.hpp"

namespace dha::app {

namespace po = boost::program_options;

namespace {

// In order; some may not exist.
std::vector<PluginDirectory> searched_directories(const po::variables_map& values) {
  std::vector<std::filesystem::path> asked;
  if (values.count("plugin-path") != 0)
    for (const std::string& path : values["plugin-path"].as<std::vector<std::string>>()) asked.emplace_back(path);
  return plugin_directories(asked);
}

}  // namespace

void add_plugin_options(po::options_description& options) {
  options.add_options()("plugin-path", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
                        "search DIR for plugins first; DIR may also be a plugin file (repeatable)");
}

PluginRegistry load_plugins(const po::variables_map& values, bool probe) {
  PluginRegistry registry;
  if (probe) registry.probe_in_child();
  registry.disable(disabled_plugins());
  for (const PluginDirectory& directory : searched_directories(values)) {
    if (std::error_code ignored; std::filesystem::is_regular_file(directory.path, ignored))
      registry.load_file(directory.path);
    else if (directory.is_default)
      registry.load_default_directory(directory.path);
    else
      registry.load_directory(directory.path, directory.required);
  }
  return registry;
}

std::string searched_places(const po::variables_map& values) {
  std::string places;
  for (const PluginDirectory& directory : searched_directories(values)) {
    std::error_code ignored;
    const bool exists = std::filesystem::exists(directory.path, ignored);
    places += (places.empty() ? "" : ", ") + directory.path.string();
    if (!exists)
      places += " (does not exist)";
    else if (std::filesystem::is_directory(directory.path, ignored) && !holds_plugins(directory.path))
      places += " (contains no plugin)";
  }
  return places;
}

PluginRegistry require_plugins(const po::variables_map& values) {
  PluginRegistry registry = load_plugins(values);
  if (registry.plugins().empty())
    throw Error(ErrorCode::kLoadFailed,
                fmt::format("no plugin was found, and every component is in a plugin; looked in {}; name the directory "
                            "of the plugins with --plugin-path or DHA_PLUGIN_PATH ('{} plugins' lists what was found)",
                            searched_places(values), program_name()));
  return registry;
}

void open_accelerator_code(const DeviceChoice& device, const PluginRegistry& registry, const PipelineConfig& config) {
  set_arithmetic(device.device, {config.deterministic, config.tf32, config.cudnn_benchmark});
  std::vector<std::filesystem::path> libraries = registry.accelerator_libraries();
  if (std::filesystem::path own = host_accelerator_library(); !own.empty()) libraries.push_back(std::move(own));
  open_accelerator_libraries(device, libraries);
}

}  // namespace dha::app
