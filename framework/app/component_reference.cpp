#include "app/component_reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "dha/augmenter.hpp"
#include "dha/dataset.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/searcher.hpp"
#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"
#include "pipeline/host_keys.hpp"
#include "pipeline/pipeline.hpp"
#include "report/console.hpp"

namespace dha::app {

namespace {

using Json = nlohmann::ordered_json;

// How a kind is named in a heading, and the key under which a pipeline file has its components.
struct KindInfo {
  const char* kind;
  const char* heading;
  const char* key;
  bool is_list;
};

constexpr KindInfo kKinds[] = {
    {Dataset::kKind, "Data sets", "dataset", false},
    {Augmenter::kKind, "Augmenters", "augment", true},
    {HyperOptimizer::kKind, "Hyper-optimizers", "hyper", false},
    {Space::kKind, "Search spaces", "space", false},
    {Searcher::kKind, "Searchers", "searcher", false},
    {TrialSearcher::kKind, "Trial searchers", "trials", false},
};

const KindInfo& info_of(const std::string& kind) {
  for (const KindInfo& info : kKinds)
    if (info.kind == kind) return info;
  return kKinds[0];  // the registry takes no other kind
}

// One line of the table of parameters.
struct ParameterRow {
  std::string name, type, default_value, range, unit, help;
};

// A value as a pipeline file has it; whole numbers without ".0".
std::string literal(const Json& value) {
  if (value.is_number_float() && std::fabs(value.get<double>()) < 1e15 &&
      value.get<double>() == std::floor(value.get<double>()))
    return std::to_string(value.get<int64_t>());
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const Json& item : value) items.push_back(literal(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string type_of(const Json& field) {
  const std::string type = field.at("type");
  if (field.contains("component")) return type == "list" ? "list of components" : "component";
  if (type != "list") return type;
  const auto least = field.value("min_items", int64_t{0});
  const auto most = field.value("max_items", int64_t{-1});
  const std::string items = field.at("items") == "json" ? "object" : field.at("items").get<std::string>();
  if (most == least) return fmt::format("list of {} {}", most, items);
  if (most >= 0) return fmt::format("list of {} to {} {}", least, most, items);
  return least > 0 ? fmt::format("list of {} or more {}", least, items) : fmt::format("list of {}", items);
}

std::string default_of(const Json& field) {
  if (field.contains("default")) return literal(field["default"]);
  if (field.contains("optional")) return "none";
  return field.at("type") == "object" ? "" : "required";
}

std::string range_of(const Json& field) {
  if (field.contains("choices"))
    return fmt::format("{}", fmt::join(field["choices"].get<std::vector<std::string>>(), ", "));
  if (field.contains("one_of")) return fmt::format("{}", fmt::join(field["one_of"].get<std::vector<int64_t>>(), ", "));
  if (field.contains("maximum"))
    return fmt::format("[{}, {}{}", field.contains("minimum") ? literal(field["minimum"]) : "-inf",
                       literal(field["maximum"]), field.contains("below_maximum") ? ')' : ']');
  return field.contains("minimum") ? ">= " + literal(field["minimum"]) : "";
}

// The rule of `schema` that names a parameter, or an empty list.
std::vector<std::string> exactly_one_of(const Json& schema, const Json& name) {
  for (const Json& names : schema.value("exactly_one_of", Json::array()))
    if (std::find(names.begin(), names.end(), name) != names.end()) return names;
  return {};
}

std::string help_of(const Json& field, const std::vector<std::string>& exactly_one_of) {
  std::vector<std::string> notes;
  if (field.contains("log")) notes.emplace_back("logarithmic scale");
  if (field.contains("tunable")) notes.emplace_back("tunable");
  if (!exactly_one_of.empty()) notes.push_back(fmt::format("exactly one of {}", fmt::join(exactly_one_of, ", ")));
  std::string help = field.at("help");
  if (!notes.empty()) help += fmt::format(" ({})", fmt::join(notes, ", "));
  return help;
}

void append_rows(const Json& schema, const std::string& prefix, std::vector<ParameterRow>& rows) {
  for (const Json& field : schema.at("fields")) {
    const std::string name = prefix + field.at("name").get<std::string>();
    rows.push_back({name, type_of(field), default_of(field), range_of(field), field.value("unit", ""),
                    help_of(field, exactly_one_of(schema, field.at("name")))});
    if (field.contains("fields")) append_rows(field, name + ".", rows);
  }
}

std::vector<ParameterRow> rows_of(const ComponentRecord& component) {
  std::vector<ParameterRow> rows;
  append_rows(Json::parse(component.schema_json), "", rows);
  return rows;
}

Json example_object(const Json& schema);

// A number inside the field's range: the end that is given, else 0 or the nearest allowed to it.
Json example_number(const Json& field, bool is_integer) {
  double value = 0;
  if (field.contains("minimum"))
    value = field["minimum"].get<double>();
  else if (field.contains("maximum"))
    value = std::fmin(0, field["maximum"].get<double>());
  return is_integer ? Json(static_cast<int64_t>(std::ceil(value))) : Json(value);
}

Json example_scalar(const Json& field, const std::string& type) {
  if (type == "bool") return true;
  if (field.contains("one_of")) return field["one_of"].at(0);
  if (type == "integer" || type == "real") return example_number(field, type == "integer");
  if (type == "choice") return field.at("choices").at(0);
  if (type == "path")
    return field.at("name") == "path" ? "path/to/images" : "path/to/" + field.at("name").get<std::string>();
  if (type == "json") return Json::object();
  return field.at("name");
}

Json example_value(const Json& field) {
  if (field.contains("default")) return field["default"];
  if (field.contains("example")) return field["example"];
  const std::string type = field.at("type");
  if (type == "object") return example_object(field);
  if (type != "list") return example_scalar(field, type);
  Json list = Json::array();
  for (int64_t i = 0; i < field.value("min_items", int64_t{0}); ++i)
    list.push_back(example_scalar(field, field.at("items")));
  return list;
}

// With all that is required: of parameters of which exactly one is, the first.
Json example_object(const Json& schema) {
  Json object = Json::object();
  for (const Json& field : schema.at("fields")) {
    const std::string name = field.at("name");
    const std::vector<std::string> rule = exactly_one_of(schema, name);
    if (!field.contains("optional") || (!rule.empty() && rule[0] == name)) object[name] = example_value(field);
  }
  return object;
}

// The keys that the host requires in an entry for a component of `kind`, besides "use".
Json required_by_host(const std::string& kind) {
  Json required = Json::object();
  for (const Json& field : entry_fields(kind))
    if (!field.contains("default") && !field.contains("optional") && field.at("name") != "use")
      required[field.at("name").get<std::string>()] = example_value(field);
  return required;
}

// A pipeline's key and the component below it: on one line where that fits, else one parameter a line.
std::string example_text(const ComponentRecord& component) {
  constexpr size_t kWidth = 100;
  const Json example = example_use(component);
  const KindInfo& info = info_of(component.kind);
  const Json& use = info.is_list ? example.at(info.key).at(0) : example.at(info.key);
  std::vector<std::string> entries;
  for (const auto& [key, value] : use.items())
    entries.push_back(fmt::format("{}: {}", Json(key).dump(), literal(value)));
  const char* open = info.is_list ? "[ " : "";
  const char* close = info.is_list ? " ]" : "";
  const std::string line = fmt::format("\"{}\": {}{{ {} }}{}\n", info.key, open, fmt::join(entries, ", "), close);
  if (line.size() <= kWidth) return line;
  return fmt::format("\"{}\": {}{{\n  {}\n}}{}\n", info.key, open, fmt::join(entries, ",\n  "), close);
}

std::string in_cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string markdown_table(const char* heading, const std::vector<ParameterRow>& rows) {
  std::string text =
      fmt::format("| {} | type | default | range | unit | meaning |\n| --- | --- | --- | --- | --- | --- |\n", heading);
  for (const ParameterRow& row : rows)
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", in_cell(row.name), row.type,
                        row.default_value.empty() ? "" : fmt::format("`{}`", in_cell(row.default_value)),
                        in_cell(row.range), in_cell(row.unit), in_cell(row.help));
  return text + "\n";
}

std::string markdown_body(const ComponentRecord& component) {
  const std::vector<ParameterRow> rows = rows_of(component);
  return component.summary + "\n\n" + (rows.empty() ? "It has no parameters.\n\n" : markdown_table("parameter", rows)) +
         "```json\n" + example_text(component) + "```\n";
}

// The keys that the host itself reads, wherever they stand in a pipeline file.
std::string host_key_tables() {
  const Json keys = Json::parse(pipeline_keys());
  std::string text;
  const std::vector<std::pair<const char*, const char*>> places = {
      {"pipeline", "At the top"}, {"stage", "In a stage"}, {"dataset", "In any data set"}, {"trials", "In `trials`"}};
  for (const auto& [name, heading] : places) {
    std::vector<ParameterRow> rows;
    append_rows(keys.at(name), "", rows);
    text += fmt::format("{}### {}\n\n{}", text.empty() ? "\n" : "", heading, markdown_table("key", rows));
  }
  text.pop_back();
  return text;
}

}  // namespace

Json example_use(const ComponentRecord& component) {
  Json use = {{"use", component.id}};
  use.update(required_by_host(component.kind));
  use.update(example_object(Json::parse(component.schema_json)));
  const KindInfo& info = info_of(component.kind);
  return {{info.key, info.is_list ? Json::array({use}) : use}};
}

std::string reference_text(const ComponentRecord& component) {
  std::string text = fmt::format("{} ({})\n{}\n\n", component.id, component.kind, component.summary);
  std::vector<std::vector<std::string>> table = {{"parameter", "type", "default", "range", "unit", "meaning"}};
  for (const ParameterRow& row : rows_of(component))
    table.push_back({row.name, row.type, row.default_value, row.range, row.unit, row.help});
  text += table.size() > 1 ? format_table(table) : "It has no parameters.\n";
  return text + "\nExample:\n" + example_text(component);
}

std::string reference_markdown(const ComponentRecord& component) {
  return fmt::format("## {}\n\nKind: `{}`. {}", component.id, component.kind, markdown_body(component));
}

Json reference_json(const ComponentRecord& component) {
  Json json = {{"id", component.id}, {"kind", component.kind}, {"summary", component.summary}};
  json.update(Json::parse(component.schema_json));
  json["example"] = example_use(component);
  return json;
}

std::string reference_page(const PluginRegistry& registry) {
  std::string page =
      "# Keys and components\n\n"
      "Generated by `dha describe --all --format markdown` from the plugins' declarations; a test keeps it current.\n"
      "Ranges are closed. A parameter without a default is required, unless its default is `none`.\n\n"
      "## The pipeline file\n\n"
      "[The pipeline file](pipeline.md) describes how the keys work together and how files extend each other.\n" +
      host_key_tables();
  for (const KindInfo& info : kKinds) {
    const std::vector<const ComponentRecord*> components = registry.components(info.kind);
    if (components.empty()) continue;
    page += fmt::format("\n## {}\n\nIn a pipeline file: `\"{}\"`.\n", info.heading, info.key);
    for (const ComponentRecord* component : components)
      page += fmt::format("\n### {}\n\n{}", component->id, markdown_body(*component));
  }
  return page;
}

}  // namespace dha::app
