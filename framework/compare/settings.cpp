#include "compare/settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "report/printable.hpp"

namespace dha::compare {

using Json = nlohmann::ordered_json;

namespace {

std::string escaped(const std::string& key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

bool holds_objects(const Json& value) {
  return value.is_object() || (value.is_array() && std::any_of(value.begin(), value.end(),
                                                               [](const Json& one) { return holds_objects(one); }));
}

void flatten(const Json& value, const std::string& pointer, Settings& settings) {
  if (value.empty() || !holds_objects(value)) {
    settings.emplace_back(pointer, value.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (value.is_object()) {
    for (const auto& [key, below] : value.items()) flatten(below, pointer + "/" + escaped(key), settings);
  } else {
    for (size_t i = 0; i < value.size(); ++i) flatten(value[i], pointer + "/" + std::to_string(i), settings);
  }
}

}  // namespace

Settings settings_of(const Json& document) {
  Settings settings;
  flatten(document, "", settings);
  return settings;
}

std::string shortened(const std::string& value, size_t columns) {
  constexpr std::string_view kCut = "...";
  if (columns_of(value) <= columns) return value;
  return std::string(first_columns(value, columns - kCut.size())).append(kCut);
}

std::vector<Difference> differences(const std::vector<const Settings*>& all) {
  std::vector<std::string> pointers;
  std::set<std::string> known;
  std::vector<std::unordered_map<std::string, std::string>> values;
  for (const Settings* settings : all) {
    values.emplace_back(settings->begin(), settings->end());
    for (const auto& [pointer, value] : *settings)
      if (known.insert(pointer).second) pointers.push_back(pointer);
  }
  std::vector<Difference> found;
  for (const std::string& pointer : pointers) {
    Difference one{pointer, {}};
    for (const auto& of_one : values) {
      const auto at = of_one.find(pointer);
      one.values.push_back(at == of_one.end() ? std::nullopt : std::optional(at->second));
    }
    const auto is_other = [&](const std::optional<std::string>& value) { return value != one.values.front(); };
    if (std::any_of(one.values.begin(), one.values.end(), is_other)) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace dha::compare
