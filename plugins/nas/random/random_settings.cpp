#include "random_settings.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Uniform in [0, 1).
double draw_share(const at::Generator& generator) {
  return at::rand({1}, generator, at::TensorOptions(at::kDouble)).item<double>();
}

bool is_pair_of_numbers(const Json& json) {
  return json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number();
}

}  // namespace

RandomSettings::RandomSettings(const std::string& tunable) {
  const Json fields = Json::parse(tunable);
  for (const auto& [pointer, field] : fields.items()) {
    Parameter parameter;
    parameter.pointer = pointer;
    const std::string reason = describe(field, parameter);
    if (reason.empty())
      parameters_.push_back(std::move(parameter));
    else
      left_out_.push_back({pointer, reason});
  }
}

std::string RandomSettings::describe(const Json& field, Parameter& parameter) const {
  const std::string type = field.at("type");
  for (const char* list : {"choices", "one_of"})
    if (type != "list" && field.contains(list))
      for (const Json& value : field[list]) parameter.values.push_back(value.dump());
  if (type == "bool" && parameter.values.empty()) parameter.values = {"false", "true"};
  if (!parameter.values.empty()) return "";
  parameter.is_list = type == "list";
  const std::string items = parameter.is_list ? field.at("items").get<std::string>() : type;
  if (items != "integer" && items != "real") return "it is neither a number nor one of a list of values";
  parameter.is_integer = items == "integer";
  parameter.is_logarithmic = field.value("log", false);
  return describe_numbers(field, parameter);
}

std::string RandomSettings::describe_numbers(const Json& field, Parameter& parameter) const {
  Json ranges = Json::array();
  if (parameter.is_list) {
    ranges = field.value("tuning_range", Json::array());
    if (ranges.empty() || !std::all_of(ranges.begin(), ranges.end(), is_pair_of_numbers))
      return "it is a list without a range per item";
  } else {
    const Json bounds{field.value("minimum", Json()), field.value("maximum", Json())};
    ranges.push_back(field.value("tuning_range", bounds));
    if (!is_pair_of_numbers(ranges[0])) return "it has no bounded range";
  }
  for (const Json& pair : ranges) {
    Range range{pair[0].get<double>(), pair[1].get<double>()};
    if (parameter.is_integer) range = {std::ceil(range.minimum), std::floor(range.maximum)};
    if (!std::isfinite(range.minimum) || !std::isfinite(range.maximum) || range.minimum > range.maximum)
      return "its range is empty or not bounded";
    if (parameter.is_logarithmic && range.minimum <= 0) return "its logarithmic scale needs a range above 0";
    parameter.ranges.push_back(range);
  }
  return "";
}

double RandomSettings::draw_number(const Parameter& parameter, const Range& range, const at::Generator& generator) {
  const double end = range.maximum + (parameter.is_integer ? 1 : 0);
  const double share = draw_share(generator);
  const double drawn = parameter.is_logarithmic ? range.minimum * std::exp(share * std::log(end / range.minimum))
                                                : range.minimum + share * (end - range.minimum);
  // Rounding may lead out of the range.
  return std::clamp(parameter.is_integer ? std::floor(drawn) : drawn, range.minimum, range.maximum);
}

std::string RandomSettings::draw(const at::Generator& generator) const {
  Json settings = Json::object();
  for (const Parameter& parameter : parameters_) {
    Json& value = settings[parameter.pointer];
    if (!parameter.values.empty()) {
      const auto count = static_cast<double>(parameter.values.size());
      value = Json::parse(parameter.values[static_cast<size_t>(draw_share(generator) * count)]);
      continue;
    }
    for (const Range& range : parameter.ranges) {
      const double number = draw_number(parameter, range, generator);
      const Json item = parameter.is_integer ? Json(static_cast<int64_t>(number)) : Json(number);
      if (parameter.is_list)
        value.push_back(item);
      else
        value = item;
    }
  }
  return settings.dump();
}

}  // namespace dha
