// A pipeline as a flat list of settings, and the settings in which pipelines differ.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dha::compare {

// JSON pointer and JSON text of each value, in the order of the document. A value is a scalar, a list without objects,
// or an empty object.
using Settings = std::vector<std::pair<std::string, std::string>>;

Settings settings_of(const nlohmann::ordered_json& document);

// A pointer with its value in each of several settings; empty where it is not there.
struct Difference {
  std::string pointer;
  std::vector<std::optional<std::string>> values;
};

// The pointers whose values differ, in the order in which they come first.
std::vector<Difference> differences(const std::vector<const Settings*>& all);

}  // namespace dha::compare
