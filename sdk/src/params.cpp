#include "dha/params.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

struct Params::Body {
  Json json;

  const Json& at(std::string_view name) const {
    const auto found = json.find(std::string(name));
    if (found == json.end()) fail(name, "which its schema does not declare as present");
    return *found;
  }

  template <class Value>
  Value get(std::string_view name, bool right_type, const char* type) const {
    if (!right_type) fail(name, (std::string("as ") + type + ", which it is not").c_str());
    return at(name).get<Value>();
  }

  [[noreturn]] static void fail(std::string_view name, const char* why) {
    throw Error(ErrorCode::kContractViolation, "the component asks for parameter '" + std::string(name) + "' " + why);
  }
};

Params::Params(std::string_view json_text) : body_(std::make_unique<Body>(Body{Json::parse(json_text)})) {}
Params::Params(Params&&) noexcept = default;
Params::~Params() = default;

bool Params::has(std::string_view name) const { return body_->json.contains(std::string(name)); }

bool Params::boolean(std::string_view name) const {
  return body_->get<bool>(name, body_->at(name).is_boolean(), "a bool");
}

int64_t Params::integer(std::string_view name) const {
  return body_->get<int64_t>(name, body_->at(name).is_number_integer(), "an integer");
}

double Params::real(std::string_view name) const {
  return body_->get<double>(name, body_->at(name).is_number(), "a real number");
}

std::string Params::string(std::string_view name) const {
  return body_->get<std::string>(name, body_->at(name).is_string(), "text");
}

std::vector<int64_t> Params::integers(std::string_view name) const {
  return body_->get<std::vector<int64_t>>(name, body_->at(name).is_array(), "a list");
}

std::vector<double> Params::reals(std::string_view name) const {
  return body_->get<std::vector<double>>(name, body_->at(name).is_array(), "a list");
}

std::vector<std::string> Params::strings(std::string_view name) const {
  return body_->get<std::vector<std::string>>(name, body_->at(name).is_array(), "a list");
}

Params Params::object(std::string_view name) const {
  if (!body_->at(name).is_object()) Body::fail(name, "as an object, which it is not");
  return Params(body_->at(name).dump());
}

std::string Params::json(std::string_view name) const { return body_->at(name).dump(); }

}  // namespace dha
