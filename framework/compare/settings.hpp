// A pipeline as a flat list of settings, and the settings in which pipelines differ.
#pragma once

#include <cstddef>
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

// A value for people: at most `columns` columns of a terminal wide, which is at least 3, with "..." at the end of one
// that is cut.
std::string shortened(const std::string& value, size_t columns);

// A pointer with its value in each of several settings; empty where it is not there.
struct Difference {
  std::string pointer;
  std::vector<std::optional<std::string>> values;
};

// The pointers whose values differ, in the order in which they come first.
std::vector<Difference> differences(const std::vector<const Settings*>& all);

}  // namespace dha::compare
