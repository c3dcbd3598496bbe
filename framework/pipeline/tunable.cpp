#include "pipeline/tunable.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dha/nearest_name.hpp"
#include "pipeline/host_keys.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

void add_tunable(const Json& fields, const std::string& pointer, Json& all) {
  for (const Json& field : fields) {
    const std::string below = pointer + pointer_step(field.at("name").get<std::string>());
    if (field.contains("fields")) add_tunable(field.at("fields"), below, all);
    if (field.value("tunable", false)) all[below] = field;
  }
}

// Before the file's ranges apply.
Json declared(const StageConfig& stage, const PluginRegistry& registry) {
  Json all = Json::object();
  add_tunable(stage_fields(), "", all);
  const auto add = [&](const char* kind, const ComponentUse& use, const std::string& pointer) {
    if (use) add_tunable(Json::parse(registry.find(kind, use.id).schema_json).at("fields"), pointer, all);
  };
  add("space", stage.space, "/space");
  add("searcher", stage.searcher, "/searcher");
  for (size_t i = 0; i < stage.augment.size(); ++i) add("augmenter", stage.augment[i], "/augment/" + std::to_string(i));
  add("hyper_optimizer", stage.hyper, "/hyper");
  return all;
}

bool is_number(const Json& field) {
  return (field.at("type") == "real" || field.at("type") == "integer") && !field.contains("one_of");
}

// The attribute that lists the values of a field that is no range of numbers; "" where it has neither.
std::string list_attribute(const Json& field) {
  if (field.at("type") == "choice" || field.at("type") == "bool") return "choices";
  return field.at("type") == "integer" && field.contains("one_of") ? "one_of" : "";
}

Json values_of(const Json& field) {
  return field.at("type") == "bool" ? Json{false, true} : field.at(list_attribute(field));
}

std::string within(const Json& field) {
  std::string text;
  if (field.contains("minimum")) text += " from " + field.at("minimum").dump();
  if (field.contains("maximum"))
    text += std::string(field.value("below_maximum", false) ? " to below " : " to ") + field.at("maximum").dump();
  return text;
}

bool lies_within(const Json& field, const Json& end) {
  if (!end.is_number() || !std::isfinite(end.get<double>())) return false;
  if (field.at("type") == "integer" && !end.is_number_integer()) return false;
  if (field.contains("minimum") && end < field.at("minimum")) return false;
  if (!field.contains("maximum")) return true;
  return field.value("below_maximum", false) ? end < field.at("maximum") : end <= field.at("maximum");
}

// What is wrong with a range of a number; "" where nothing is.
std::string range_fault(const Json& field, const Json& range) {
  const std::string kind = field.at("type") == "integer" ? "integers" : "numbers";
  const bool is_pair = range.is_array() && range.size() == 2;
  if (!is_pair || !lies_within(field, range[0]) || !lies_within(field, range[1]))
    return "must be [minimum, maximum], " + kind + within(field) + ", found " + range.dump();
  if (range[0] > range[1]) return "must be [minimum, maximum], found the minimum above the maximum in " + range.dump();
  if (field.value("log", false) && range[0] <= 0)
    return "must begin above 0, because its scale is logarithmic, found " + range.dump();
  return "";
}

// What is wrong with a list of values; "" where nothing is.
std::string list_fault(const Json& field, const Json& list) {
  const Json known = values_of(field);
  bool is_good = list.is_array() && !list.empty();
  for (size_t i = 0; is_good && i < list.size(); ++i)
    is_good = std::find(known.begin(), known.end(), list[i]) != known.end() &&
              std::find(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), list[i]) ==
                  list.begin() + static_cast<std::ptrdiff_t>(i);
  return is_good ? "" : "must be a list of different values out of " + known.dump() + ", found " + list.dump();
}

std::string fault_of(const Json& field, const Json& range) {
  if (is_number(field)) return range_fault(field, range);
  if (!list_attribute(field).empty()) return list_fault(field, range);
  return "is a parameter of type " + field.at("type").get<std::string>() +
         ", which takes no range; remove it to search the trial searcher's own range";
}

std::string unknown(const std::string& name, const Json& known) {
  std::vector<std::string> names;
  for (const auto& [pointer, field] : known.items()) names.push_back(pointer);
  std::string message = "is not a parameter that a trial may set; ";
  if (const std::string near = nearest(name, names); !near.empty()) return message + "did you mean '" + near + "'?";
  message += "there are ";
  for (size_t i = 0; i < names.size(); ++i) message += (i == 0 ? "" : ", ") + names[i];
  return message;
}

}  // namespace

std::string tunable_parameters(const StageConfig& stage, const PluginRegistry& registry) {
  Json all = declared(stage, registry);
  const Json ranges = Json::parse(stage.trial_ranges);
  for (const auto& [pointer, range] : ranges.items())
    if (const auto field = all.find(pointer); field != all.end())
      (*field)[is_number(*field) ? "tuning_range" : list_attribute(*field)] = range;
  return all.dump();
}

void check_trial_ranges(const StageConfig& stage, const PluginRegistry& registry, const Node& ranges,
                        const std::string& pointer, ProblemList& problems) {
  const Json known = declared(stage, registry);
  for (const Member& member : ranges.members) {
    const auto field = known.find(member.key);
    if (field == known.end())
      problems.report(member.location, pointer + pointer_step(member.key), unknown(member.key, known));
    else if (const std::string fault = fault_of(*field, to_json(member.value)); !fault.empty())
      problems.report(member.value.location, pointer + pointer_step(member.key), fault);
  }
}

}  // namespace dha
