// `dha describe`: what a component does, its parameters, and an example; or the list of all components.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/component_reference.hpp"
#include "app/plugin_options.hpp"
#include "dha/error.hpp"
#include "process/program_name.hpp"
#include "report/console.hpp"

namespace dha::app {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

enum class Format { kText, kMarkdown, kJson };

Format format_of(const po::variables_map& values) {
  const std::string name = values["format"].as<std::string>();
  if (values.count("json") != 0) {
    if (!values["format"].defaulted() && name != "json")
      throw Error(ErrorCode::kUsage, fmt::format("describe: give either --json or --format {}, not both", name));
    return Format::kJson;
  }
  if (name == "text") return Format::kText;
  if (name == "markdown") return Format::kMarkdown;
  if (name == "json") return Format::kJson;
  throw Error(ErrorCode::kUsage, fmt::format("describe: --format must be text, markdown or json, found '{}'", name));
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string list_of(const std::vector<const ComponentRecord*>& components, bool quiet) {
  std::vector<std::vector<std::string>> table = {{"kind", "component", "summary"}};
  for (const ComponentRecord* component : components)
    table.push_back({component->kind, component->id, component->summary});
  if (table.size() == 1) return "no component was found; name a directory with --plugin-path or DHA_PLUGIN_PATH\n";
  const std::string hint = fmt::format("\n'{} describe COMPONENT' shows its parameters.\n", program_name());
  return format_table(table) + (quiet ? "" : hint);
}

std::string describe_all(const PluginRegistry& registry, Format format, bool in_full, bool quiet) {
  const auto components = registry.components();
  if (format == Format::kMarkdown) return reference_page(registry);
  if (format == Format::kJson) {
    Json list = Json::array();
    for (const ComponentRecord* component : components) list.push_back(reference_json(*component));
    return dump({{"components", list}});
  }
  if (!in_full) return list_of(components, quiet);
  std::string text;
  for (const ComponentRecord* component : components) text += (text.empty() ? "" : "\n\n") + reference_text(*component);
  return text;
}

std::string describe_one(const ComponentRecord& component, Format format) {
  switch (format) {
    case Format::kMarkdown:
      return reference_markdown(component);
    case Format::kJson:
      return dump(reference_json(component));
    case Format::kText:
      break;
  }
  return reference_text(component);
}

int run(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("format", po::value<std::string>()->default_value("text"), "text, markdown or json")(
      "json", "print JSON: --format json")("all", "describe every component in full");
  add_plugin_options(options);
  po::options_description hidden;
  hidden.add_options()("id", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("id", 1);
  const auto values = parse_command_line(kDescribeCommand, options, arguments, hidden, positional);
  if (!values) return kDone;

  const Format format = format_of(*values);
  const bool has_id = values->count("id") != 0, all = values->count("all") != 0;
  if (has_id && all) throw Error(ErrorCode::kUsage, "describe: give either a component or --all, not both");
  const PluginRegistry registry = require_plugins(*values);
  std::cout << (has_id ? describe_one(registry.find("", (*values)["id"].as<std::string>()), format)
                       : describe_all(registry, format, all, is_quiet(*values)));
  return kDone;
}

}  // namespace

const Command kDescribeCommand = {
    "describe", "describe [COMPONENT | --all] [--format text|markdown|json] [--json] [--plugin-path DIR]…",
    "show the purpose, parameters and an example of a component, or list all components", run};

}  // namespace dha::app
