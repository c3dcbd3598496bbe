// Fields of JSON files that may lack them, as those of older or interrupted runs do.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace dha {

// null where `json` is no object or has no such key.
nlohmann::ordered_json field_at(const nlohmann::ordered_json& json, const char* key);

// The text of a string, the JSON text of another value, or `otherwise` where there is none.
std::string text_at(const nlohmann::ordered_json& json, const char* key, const std::string& otherwise = "");

std::optional<double> number_at(const nlohmann::ordered_json& json, const char* key);

int64_t count_at(const nlohmann::ordered_json& json, const char* key, int64_t otherwise = 0);

}  // namespace dha
