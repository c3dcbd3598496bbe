#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/params.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

struct Schema::Body {
  std::string summary;
  Json fields = Json::array();
  Json exactly_one_of = Json::array();

  // The keys of an object of these parameters.
  Json json() const {
    Json json{{"fields", fields}};
    if (!exactly_one_of.empty()) json["exactly_one_of"] = exactly_one_of;
    return json;
  }

  Json& last() {
    if (fields.empty()) throw Error(ErrorCode::kInvalidDescriptor, "an attribute comes before the first parameter");
    return fields.back();
  }
};

Schema::Schema(std::string_view summary) : body_(std::make_unique<Body>()) { body_->summary = summary; }
Schema::Schema(const Schema& other) : body_(std::make_unique<Body>(*other.body_)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

namespace {

Json field(std::string_view name, const char* type, std::string_view help) {
  return Json{{"name", name}, {"type", type}, {"help", help}};
}

Json list(std::string_view name, const char* items, std::string_view help, int64_t minimum, int64_t maximum) {
  Json json = field(name, "list", help);
  json["items"] = items;
  json["min_items"] = minimum;
  if (maximum >= 0) json["max_items"] = maximum;
  return json;
}

}  // namespace

Schema& Schema::boolean(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "bool", help));
  return *this;
}

Schema& Schema::integer(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "integer", help));
  return *this;
}

Schema& Schema::real(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "real", help));
  return *this;
}

Schema& Schema::string(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "string", help));
  return *this;
}

Schema& Schema::path(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "path", help));
  return *this;
}

Schema& Schema::choice(std::string_view name, std::string_view help, std::vector<std::string> values) {
  body_->fields.push_back(field(name, "choice", help));
  body_->last()["choices"] = std::move(values);
  return *this;
}

Schema& Schema::integers(std::string_view name, std::string_view help, int64_t minimum, int64_t maximum) {
  body_->fields.push_back(list(name, "integer", help, minimum, maximum));
  return *this;
}

Schema& Schema::reals(std::string_view name, std::string_view help, int64_t minimum, int64_t maximum) {
  body_->fields.push_back(list(name, "real", help, minimum, maximum));
  return *this;
}

Schema& Schema::strings(std::string_view name, std::string_view help, int64_t minimum, int64_t maximum) {
  body_->fields.push_back(list(name, "string", help, minimum, maximum));
  return *this;
}

Schema& Schema::object(std::string_view name, std::string_view help, const Schema& fields) {
  body_->fields.push_back(field(name, "object", help));
  body_->last().update(fields.body_->json());
  return *this;
}

Schema& Schema::json(std::string_view name, std::string_view help) {
  body_->fields.push_back(field(name, "json", help));
  return *this;
}

Schema& Schema::range(double minimum, double maximum) {
  body_->last()["minimum"] = minimum;
  body_->last()["maximum"] = maximum;
  return *this;
}

Schema& Schema::minimum(double minimum) {
  body_->last()["minimum"] = minimum;
  return *this;
}

Schema& Schema::one_of(std::vector<int64_t> values) {
  body_->last()["one_of"] = std::move(values);
  return *this;
}

Schema& Schema::unit(std::string_view unit) {
  body_->last()["unit"] = unit;
  return *this;
}

Schema& Schema::log_scale() {
  body_->last()["log"] = true;
  return *this;
}

Schema& Schema::tunable() {
  body_->last()["tunable"] = true;
  return *this;
}

Schema& Schema::tunable(double minimum, double maximum) {
  body_->last()["tuning_range"] = {minimum, maximum};
  return tunable();
}

Schema& Schema::optional() {
  body_->last()["optional"] = true;
  return *this;
}

Schema& Schema::def(bool value) {
  body_->last()["default"] = value;
  return *this;
}

Schema& Schema::def(int value) { return def(static_cast<int64_t>(value)); }

Schema& Schema::def(int64_t value) {
  body_->last()["default"] = value;
  return *this;
}

Schema& Schema::def(double value) {
  body_->last()["default"] = value;
  return *this;
}

Schema& Schema::def(const char* value) {
  body_->last()["default"] = value;
  return *this;
}

Schema& Schema::def(const std::vector<double>& values) {
  body_->last()["default"] = values;
  return *this;
}

Schema& Schema::def(const std::vector<int64_t>& values) {
  body_->last()["default"] = values;
  return *this;
}

Schema& Schema::def(const std::vector<std::string>& values) {
  body_->last()["default"] = values;
  return *this;
}

Schema& Schema::exactly_one_of(std::vector<std::string> names) {
  body_->exactly_one_of.push_back(std::move(names));
  return *this;
}

const std::string& Schema::summary() const { return body_->summary; }

std::string Schema::json_text() const { return body_->json().dump(); }

}  // namespace dha
