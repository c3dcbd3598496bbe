#include "report/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

Json field_at(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) ? json.at(key) : Json();
}

std::string text_at(const Json& json, const char* key, const std::string& otherwise) {
  const Json value = field_at(json, key);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? otherwise : value.dump();
}

std::optional<double> number_at(const Json& json, const char* key) {
  const Json value = field_at(json, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

int64_t count_at(const Json& json, const char* key, int64_t otherwise) {
  const Json value = field_at(json, key);
  return value.is_number() ? value.get<int64_t>() : otherwise;
}

}  // namespace dha
