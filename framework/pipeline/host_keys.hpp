// The keys of a pipeline file that the host acts on, declared once: validation, defaults, the JSON Schema and the
// reference pages all read these declarations.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dha {

// Fields as in Schema::json_text(), with these attributes in addition to those of a component's parameters:
//   "component": the kind of component that stands here ("items": "json" where it is a list of them)
//   "pattern", "pattern_help": a regular expression that the whole text matches, and what it means in words
//   "below_maximum": true where the maximum itself is excluded
//   "unique": true where no item of a list may repeat
//   "example": a value for the example of a reference page
//   "or_count": true where a whole number from 0 may stand in place of one of the choices
const nlohmann::ordered_json& pipeline_fields();
const nlohmann::ordered_json& stage_fields();
const nlohmann::ordered_json& use_fields();      // in every component entry
const nlohmann::ordered_json& dataset_fields();  // in "dataset", next to the component's parameters
const nlohmann::ordered_json& trials_fields();   // in "trials", next to the component's parameters

// The host's own keys in an entry for a component of `kind`: "use" and, for some kinds, more.
nlohmann::ordered_json entry_fields(const std::string& kind);

// All keys of an entry, as Schema::json_text(): the host's, then those of the component of `schema_json`.
nlohmann::ordered_json entry_schema(const std::string& kind, const std::string& schema_json);

// Names of the stage's keys that hold components, in their order.
std::vector<std::string> component_keys();

}  // namespace dha
