#include "dha/nas/tunable_settings.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nas/trial_draws.hpp"

namespace dha::nas {

using Json = nlohmann::ordered_json;

namespace {

bool is_pair_of_numbers(const Json& json) {
  return json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number();
}

// The ranges of a number or of the items of a list; empty if there is none for each.
Json ranges_of(const Json& field, bool is_list) {
  Json ranges = Json::array();
  if (is_list) {
    ranges = field.value("tuning_range", Json::array());
  } else {
    const Json bounds{field.value("minimum", Json()), field.value("maximum", Json())};
    ranges.push_back(field.value("tuning_range", bounds));
  }
  return std::all_of(ranges.begin(), ranges.end(), is_pair_of_numbers) ? ranges : Json::array();
}

Json value_of(const Dimension& dimension, double number) {
  return dimension.is_integer ? Json(static_cast<int64_t>(number)) : Json(number);
}

}  // namespace

TunableSettings::TunableSettings(const std::string& tunable) {
  const Json fields = Json::parse(tunable);
  for (const auto& [pointer, field] : fields.items()) {
    Parameter parameter;
    parameter.pointer = pointer;
    const std::string reason = describe(field.dump(), parameter);
    if (!reason.empty()) {
      left_out_.push_back({pointer, reason});
      continue;
    }
    dimensions_.insert(dimensions_.end(), parameter.dimensions.begin(), parameter.dimensions.end());
    parameters_.push_back(std::move(parameter));
  }
}

std::string TunableSettings::describe(const std::string& text, Parameter& parameter) {
  const Json field = Json::parse(text);
  const std::string type = field.at("type");
  for (const char* list : {"choices", "one_of"})
    if (type != "list" && field.contains(list))
      for (const Json& value : field[list]) parameter.values.push_back(value.dump());
  if (type == "bool" && parameter.values.empty()) parameter.values = {"false", "true"};
  if (!parameter.values.empty()) {
    parameter.dimensions.push_back({.values = static_cast<int64_t>(parameter.values.size())});
    return "";
  }
  parameter.is_list = type == "list";
  const std::string items = parameter.is_list ? field.at("items").get<std::string>() : type;
  if (items != "integer" && items != "real") return "it is neither a number nor one of a list of values";
  const Json ranges = ranges_of(field, parameter.is_list);
  if (ranges.empty()) return parameter.is_list ? "it is a list without a range per item" : "it has no bounded range";
  for (const Json& pair : ranges) {
    Dimension range{0, pair[0], pair[1], items == "integer", field.value("log", false)};
    if (range.is_integer) {
      range.minimum = std::ceil(range.minimum);
      range.maximum = std::floor(range.maximum);
    }
    if (!std::isfinite(range.minimum) || !std::isfinite(range.maximum) || range.minimum > range.maximum)
      return "its range is empty or not bounded";
    if (range.is_logarithmic && range.minimum <= 0) return "its logarithmic scale needs a range above 0";
    parameter.dimensions.push_back(range);
  }
  return "";
}

double TunableSettings::draw(const Dimension& dimension, const at::Generator& generator) const {
  const double share = draw_share(generator);
  if (dimension.values > 0) return std::floor(share * static_cast<double>(dimension.values));
  const double end = dimension.maximum + (dimension.is_integer ? 1 : 0);
  const double drawn = dimension.is_logarithmic
                           ? dimension.minimum * std::exp(share * std::log(end / dimension.minimum))
                           : dimension.minimum + share * (end - dimension.minimum);
  // Rounding may lead out of the range.
  return std::clamp(dimension.is_integer ? std::floor(drawn) : drawn, dimension.minimum, dimension.maximum);
}

std::vector<double> TunableSettings::draw(const at::Generator& generator) const {
  std::vector<double> point;
  for (const Dimension& dimension : dimensions_) point.push_back(draw(dimension, generator));
  return point;
}

std::string TunableSettings::text(const std::vector<double>& point) const {
  Json settings = Json::object();
  auto number = point.begin();
  for (const Parameter& parameter : parameters_) {
    Json& value = settings[parameter.pointer];
    if (!parameter.values.empty()) {
      value = Json::parse(parameter.values.at(static_cast<size_t>(*number++)));
    } else if (!parameter.is_list) {
      value = value_of(parameter.dimensions.front(), *number++);
    } else {
      for (const Dimension& item : parameter.dimensions) value.push_back(value_of(item, *number++));
    }
  }
  return settings.dump();
}

TunableSettings tunable_settings(const Stage& stage, Context& context) {
  TunableSettings settings(stage.tunable());
  for (const TunableSettings::LeftOut& one : settings.left_out())
    context.log(LogLevel::kInfo, "parameter '" + one.pointer + "' is not drawn: " + one.reason +
                                     "; name its values in the 'ranges' of 'trials' to draw it");
  if (settings.dimensions().empty())
    throw Error(
        ErrorCode::kInvalidConfig,
        "stage '" + stage.name() + "' has no parameter that a trial can draw; name some in the 'ranges' of 'trials'");
  return settings;
}

}  // namespace dha::nas
