#include "trial/study_parameters.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

std::string distribution(const char* name, const Json& attributes) {
  return Json{{"name", name}, {"attributes", attributes}}.dump();
}

std::optional<StudyParameter> choice(const std::string& name, const Json& value, const Json& choices) {
  const auto found = std::find(choices.begin(), choices.end(), value);
  if (found == choices.end()) return std::nullopt;
  return StudyParameter{name, static_cast<double>(found - choices.begin()),
                        distribution("CategoricalDistribution", {{"choices", choices}})};
}

std::optional<StudyParameter> number(const std::string& name, const Json& value, const Json& range, const Json& field) {
  const auto is_number = [](const Json& json) { return json.is_number() && std::isfinite(json.get<double>()); };
  if (!range.is_array() || range.size() != 2 || !is_number(value) || !is_number(range[0]) || !is_number(range[1]))
    return std::nullopt;
  const Json low = std::min(range[0], value), high = std::max(range[1], value);
  const bool is_log = field.value("log", false);
  if (is_log && low <= 0) return std::nullopt;
  if (field.at("type") != "integer" && field.value("items", "") != "integer")
    return StudyParameter{
        name, value.get<double>(),
        distribution("FloatDistribution",
                     {{"step", nullptr}, {"low", low.get<double>()}, {"high", high.get<double>()}, {"log", is_log}})};
  const auto whole = [](double bound) { return static_cast<int64_t>(bound); };
  return StudyParameter{name, value.get<double>(),
                        distribution("IntDistribution", {{"log", is_log},
                                                         {"step", 1},
                                                         {"low", whole(std::ceil(low.get<double>()))},
                                                         {"high", whole(std::floor(high.get<double>()))}})};
}

Json range_of(const Json& field) {
  return field.value("tuning_range", Json{field.value("minimum", Json()), field.value("maximum", Json())});
}

}  // namespace

std::string study_name_of(const std::string& pointer) {
  std::string name = pointer.substr(pointer.starts_with('/') ? 1 : 0);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

std::vector<StudyParameter> study_parameters(const std::string& pointer, const Json& value, const Json& field) {
  const std::string name = study_name_of(pointer), type = field.at("type");
  std::vector<StudyParameter> parameters;
  const auto add = [&](const std::optional<StudyParameter>& parameter) {
    if (parameter) parameters.push_back(*parameter);
  };
  if (type == "list") {
    const Json ranges = field.value("tuning_range", Json::array());
    for (size_t i = 0; value.is_array() && i < std::min(value.size(), ranges.size()); ++i)
      add(number(name + "." + std::to_string(i), value[i], ranges[i], field));
  } else if (type == "bool") {
    add(choice(name, value, field.value("choices", Json{false, true})));
  } else if (field.contains("choices") || field.contains("one_of")) {
    add(choice(name, value, field.contains("choices") ? field.at("choices") : field.at("one_of")));
  } else if (type == "integer" || type == "real") {
    add(number(name, value, range_of(field), field));
  }
  return parameters;
}

}  // namespace dha
