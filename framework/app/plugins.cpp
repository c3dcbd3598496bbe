// `dha plugins`: every plugin file that was found, with what it offers or why it was refused.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "plugin/plugin_search.hpp"
#include "process/program_name.hpp"
#include "report/console.hpp"

namespace dha::app {

namespace {

using Json = nlohmann::ordered_json;

// Names in DHA_DISABLED_PLUGINS that no file has, most likely by mistake.
std::vector<std::string> idle_names(const std::vector<PluginRecord>& plugins) {
  std::set<std::string> names = disabled_plugins();
  for (const PluginRecord& plugin : plugins)
    if (plugin.state == PluginState::kDisabled) names.erase(plugin.file.stem().string());
  return {names.begin(), names.end()};
}

bool is_loaded(const PluginRecord& plugin) { return plugin.state == PluginState::kLoaded; }

void print_json(const std::vector<PluginRecord>& plugins) {
  Json list = Json::array();
  for (const PluginRecord& plugin : plugins) {
    Json entry = {{"file", plugin.file.string()}, {"state", state_name(plugin.state)}};
    if (!is_loaded(plugin)) entry["reason"] = plugin.reason;
    entry.update({{"name", plugin.name},
                  {"version", plugin.version},
                  {"vendor", plugin.vendor},
                  {"license", plugin.license},
                  {"components", plugin.component_ids}});
    list.push_back(std::move(entry));
  }
  std::cout << Json{{"plugins", list}, {"disabled_without_file", idle_names(plugins)}}.dump(
                   2, ' ', false, Json::error_handler_t::replace)
            << '\n';
}

// The plugins that are loaded, and those that were refused.
void print_tables(const std::vector<PluginRecord>& plugins, const std::string& places) {
  std::vector<std::vector<std::string>> loaded = {{"plugin", "version", "state", "components"}};
  for (const PluginRecord& plugin : plugins)
    if (is_loaded(plugin))
      loaded.push_back({plugin.name, plugin.version, std::string(state_name(plugin.state)),
                        fmt::format("{}", fmt::join(plugin.component_ids, ", "))});
  if (loaded.size() > 1)
    std::cout << format_table(loaded);
  else
    std::cout << "no plugin is loaded; looked in " << places
              << "; name a directory with --plugin-path or DHA_PLUGIN_PATH\n";
  // A reason is a sentence and would tear a table apart.
  for (const PluginRecord& plugin : plugins)
    if (is_refused(plugin))
      std::cout << fmt::format("\nrefused ({}): {}\n  {}\n", state_name(plugin.state), plugin.file.string(),
                               plugin.reason);
}

// The files that were passed over.
void print_notes(const std::vector<PluginRecord>& plugins) {
  for (const PluginRecord& plugin : plugins)
    if (plugin.state == PluginState::kDisabled)
      std::cout << fmt::format("\ndisabled by DHA_DISABLED_PLUGINS: {}\n", plugin.file.string());
  for (const std::string& name : idle_names(plugins))
    std::cout << fmt::format("\nDHA_DISABLED_PLUGINS names '{}', but no plugin file is named {}.so\n", name, name);
  const auto passed_over = std::count_if(plugins.begin(), plugins.end(), [](const PluginRecord& plugin) {
    return plugin.state == PluginState::kShadowed;
  });
  if (passed_over > 0)
    std::cout << fmt::format("\nshadowed: {} that {} nothing new ('{} plugins --json' lists {} with the reason)\n",
                             passed_over == 1 ? "1 file" : fmt::format("{} files", passed_over),
                             passed_over == 1 ? "offers" : "offer", program_name(), passed_over == 1 ? "it" : "them");
}

int run(const std::vector<std::string>& arguments) {
  boost::program_options::options_description options;
  add_plugin_options(options);
  options.add_options()("json", "print JSON")("strict", "exit with status 3 if any plugin was refused")(
      "probe", "load each plugin in a child process first, to find those that end the process");
  const auto values = parse_command_line(kPluginsCommand, options, arguments);
  if (!values) return kDone;
  const PluginRegistry registry = load_plugins(*values, values->count("probe") != 0);
  const std::vector<PluginRecord>& plugins = registry.plugins();
  if (values->count("json") != 0) {
    print_json(plugins);
  } else {
    print_tables(plugins, searched_places(*values));
    if (!is_quiet(*values)) print_notes(plugins);
  }
  const auto loaded = std::count_if(plugins.begin(), plugins.end(), is_loaded);
  const bool is_any_refused = std::any_of(plugins.begin(), plugins.end(), is_refused);
  return loaded == 0 || (values->count("strict") != 0 && is_any_refused) ? kPluginFailed : kDone;
}

}  // namespace

const Command kPluginsCommand = {"plugins", "plugins [--json] [--strict] [--probe] [--plugin-path DIR]…",
                                 "list the plugins with their components, or the reason for a refusal", run};

}  // namespace dha::app
