#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "dha/params.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// A number as a person writes it: 3 rather than 3.0.
std::string number(const Json& value) {
  if (value.is_number_float()) {
    const double real = value.get<double>();
    if (std::isfinite(real) && real == std::floor(real) && std::fabs(real) < 1e15)
      return std::to_string(static_cast<int64_t>(real));
  }
  return value.dump();
}

// A value in a message, shortened where it is long.
std::string shown(const Json& value) {
  std::string text = value.is_number() ? number(value) : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string escaped(std::string name) {
  for (size_t at = 0; (at = name.find_first_of("~/", at)) != std::string::npos; at += 2)
    name.replace(at, 1, name[at] == '~' ? "~0" : "~1");
  return name;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

class Checker {
 public:
  explicit Checker(std::vector<ParamProblem>& problems) : problems_(problems) {}

  // Checks `object` against the "fields" and rules of `schema` and fills defaults in place.
  void object(const Json& schema, Json& object, const std::string& pointer) {
    if (!object.is_object()) return report(pointer, "must be an object, found " + shown(object));
    const Json& fields = schema.at("fields");
    unknown_keys(fields, object, pointer);
    for (const Json& names : schema.value("exactly_one_of", Json::array())) exactly_one_of(names, object, pointer);
    Json completed = Json::object();
    for (const Json& field : fields) {
      const std::string name = field.at("name");
      const auto found = object.find(name);
      if (found != object.end()) {
        completed[name] = *found;
        value(field, completed[name], pointer + "/" + escaped(name));
      } else if (field.contains("default")) {
        completed[name] = field["default"];
      } else if (field["type"] == "object" && !field.contains("optional")) {
        completed[name] = Json::object();
        this->object(field, completed[name], pointer + "/" + escaped(name));
      } else if (!field.contains("optional")) {
        report(pointer, "lacks '" + name + "' (" + field.at("help").get<std::string>() + ")");
      }
    }
    object = std::move(completed);
  }

  void value(const Json& field, Json& value, const std::string& pointer) {
    const std::string type = field.at("type");
    if (type == "list") return list(field, value, pointer);
    if (type == "object") return object(field, value, pointer);
    scalar(type, field, value, pointer);
  }

 private:
  void unknown_keys(const Json& fields, const Json& object, const std::string& pointer) {
    std::vector<std::string> known;
    for (const Json& field : fields) known.push_back(field.at("name"));
    for (const auto& [key, ignored] : object.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::string near = nearest(key, known);
      std::string message = "is not a known key; ";
      if (!near.empty())
        message += "did you mean '" + near + "'?";
      else if (known.empty())
        message += "none is expected here";
      else
        message += "known are " + listed(known);
      report(pointer + "/" + escaped(key), message);
    }
  }

  void exactly_one_of(const std::vector<std::string>& names, const Json& object, const std::string& pointer) {
    std::vector<std::string> found;
    for (const std::string& name : names)
      if (object.contains(name) && !object[name].is_null()) found.push_back(name);
    if (found.size() == 1) return;
    const std::string wanted = "must have exactly one of " + listed(names) + ", found ";
    report(pointer, found.empty()
                        ? wanted + "none"
                        : wanted + listed(found) +
                              "; remove all but one; use null to remove one of an extended file or an earlier stage");
  }

  void list(const Json& field, Json& value, const std::string& pointer) {
    const std::string items = field.at("items");
    if (!value.is_array()) return report(pointer, "must be a list, found " + shown(value));
    const auto size = static_cast<int64_t>(value.size());
    const int64_t least = field.value("min_items", int64_t{0});
    const int64_t most = field.value("max_items", int64_t{-1});
    if (size < least || (most >= 0 && size > most)) {
      const std::string wanted = most == least ? std::to_string(least)
                                 : most < 0    ? "at least " + std::to_string(least)
                                               : std::to_string(least) + " to " + std::to_string(most);
      report(pointer, "must have " + wanted + " items, found " + std::to_string(size));
    }
    for (size_t i = 0; i < value.size(); ++i) scalar(items, field, value[i], pointer + "/" + std::to_string(i));
  }

  void scalar(const std::string& type, const Json& field, Json& value, const std::string& pointer) {
    if (type == "bool") {
      if (!value.is_boolean()) report(pointer, "must be true or false, found " + shown(value));
    } else if (type == "integer") {
      integer(field, value, pointer);
    } else if (type == "real") {
      if (!value.is_number()) return report(pointer, "must be a number, found " + shown(value));
      if (!std::isfinite(value.get<double>()))
        return report(pointer, "must be finite, found a number too large for a double");
      range(field, value, pointer);
    } else if (type == "string" || type == "path") {
      if (!value.is_string()) return report(pointer, "must be text, found " + shown(value));
      if (type == "path" && value.get<std::string>().empty()) report(pointer, "must name a file or folder, found \"\"");
    } else if (type == "choice") {
      choice(field, value, pointer);
    } else if (type == "json") {
      if (!value.is_object()) report(pointer, "must be an object, found " + shown(value));
    } else {
      throw Error(ErrorCode::kInvalidDescriptor, "the schema has a parameter of unknown type '" + type + "'");
    }
  }

  void integer(const Json& field, Json& value, const std::string& pointer) {
    if (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()) &&
        std::fabs(value.get<double>()) < 9e15)
      value = static_cast<int64_t>(value.get<double>());
    if (!value.is_number_integer()) return report(pointer, "must be an integer, found " + shown(value));
    range(field, value, pointer);
    if (field.contains("one_of")) one_of(field["one_of"], value, pointer);
  }

  void one_of(const Json& values, const Json& value, const std::string& pointer) {
    if (std::find(values.begin(), values.end(), value) != values.end()) return;
    std::string wanted;
    for (const Json& allowed : values) wanted += (wanted.empty() ? "" : ", ") + number(allowed);
    report(pointer, "must be one of " + wanted + ", found " + shown(value));
  }

  void range(const Json& field, const Json& value, const std::string& pointer) {
    const bool below = field.contains("minimum") && value.get<double>() < field["minimum"].get<double>();
    const bool above = field.contains("maximum") && value.get<double>() > field["maximum"].get<double>();
    if (!below && !above) return;
    const std::string unit = field.contains("unit") ? " " + field["unit"].get<std::string>() : "";
    const std::string wanted = field.contains("maximum") ? "be in [" + number(field.value("minimum", Json("-inf"))) +
                                                               ", " + number(field["maximum"]) + "]"
                                                         : "be at least " + number(field["minimum"]);
    report(pointer, "must " + wanted + unit + ", found " + shown(value));
  }

  void choice(const Json& field, const Json& value, const std::string& pointer) {
    const auto choices = field.at("choices").get<std::vector<std::string>>();
    if (value.is_string() && std::find(choices.begin(), choices.end(), value.get<std::string>()) != choices.end())
      return;
    std::string message = "must be one of " + listed(choices) + ", found " + shown(value);
    const std::string near = value.is_string() ? nearest(value.get<std::string>(), choices) : "";
    if (!near.empty()) message += "; did you mean '" + near + "'?";
    report(pointer, message);
  }

  void report(const std::string& pointer, const std::string& message) { problems_.push_back({pointer, message}); }

  std::vector<ParamProblem>& problems_;
};

void check_default(const Json& field) {
  std::vector<ParamProblem> problems;
  Json value = field.at("default");
  Checker(problems).value(field, value, "/" + field.at("name").get<std::string>());
  if (!problems.empty())
    throw Error(ErrorCode::kInvalidDescriptor,
                "the default of parameter '" + problems[0].pointer.substr(1) + "' " + problems[0].message);
}

void check_one_of(const Json& field) {
  if (field.value("items", field.at("type").get<std::string>()) != "integer" || field["one_of"].empty())
    throw Error(ErrorCode::kInvalidDescriptor, "one_of() of parameter '" + field.at("name").get<std::string>() +
                                                   "' needs an integer and at least one value");
}

void check_tuning_range(const Json& field) {
  const std::string where = "the tuning range of parameter '" + field.at("name").get<std::string>() + "' ";
  const auto fail = [&](const std::string& what) { throw Error(ErrorCode::kInvalidDescriptor, where + what); };
  const std::string type = field.at("type");
  if (type != "integer" && type != "real") fail("needs a number, found a parameter of type '" + type + "'");
  const Json& ends = field["tuning_range"];
  const bool is_pair = ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  if (!is_pair || !(ends[0].get<double>() <= ends[1].get<double>()))
    fail("must be [minimum, maximum], found " + shown(ends));
  std::vector<ParamProblem> problems;
  for (Json end : ends) Checker(problems).value(field, end, "");
  if (!problems.empty()) fail(problems[0].message);
  if (field.value("log", false) && ends[0].get<double>() <= 0)
    fail("must start above 0 on a logarithmic scale, found " + shown(ends));
}

// A parameter that is required or has a default is always there, so that no other of its rule ever could be.
void check_rules(const Json& rules, const Json& fields) {
  std::set<std::string> ruled;
  for (const Json& names : rules)
    for (const std::string name : names) {
      const auto is_named = [&](const Json& field) { return field.at("name") == name; };
      const auto field = std::find_if(fields.begin(), fields.end(), is_named);
      if (field == fields.end() || !field->contains("optional") || field->contains("default"))
        throw Error(ErrorCode::kInvalidDescriptor,
                    "exactly_one_of() names '" + name + "', which is not an optional parameter without a default");
      if (!ruled.insert(name).second)
        throw Error(ErrorCode::kInvalidDescriptor, "exactly_one_of() names '" + name + "' twice");
    }
}

void check_schema(const Json& schema) {
  for (const Json& field : schema.at("fields")) {
    if (field.contains("fields")) check_schema(field);
    if (field.contains("one_of")) check_one_of(field);
    if (field.contains("default")) check_default(field);
    if (field.contains("tuning_range")) check_tuning_range(field);
  }
  check_rules(schema.value("exactly_one_of", Json::array()), schema.at("fields"));
}

}  // namespace

ParamCheck check_params(std::string_view schema_json, std::string_view params_json) {
  ParamCheck check;
  try {
    const Json schema = Json::parse(schema_json);
    check_schema(schema);
    Json params = Json::parse(params_json);
    Checker(check.problems).object(schema, params, "");
    check.completed = params.dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::kInvalidDescriptor, std::string("the parameter schema is malformed: ") + e.what());
  }
  return check;
}

}  // namespace dha
