// The reference of a component, generated from its plugin's declarations: as text, Markdown or JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/plugin_registry.hpp"

namespace dha::app {

// Summary, a table of parameters, and an example for a pipeline file.
std::string reference_text(const ComponentRecord& component);
std::string reference_markdown(const ComponentRecord& component);

// {"id", "kind", "summary", the keys of Schema::json_text(), "example"}
nlohmann::ordered_json reference_json(const ComponentRecord& component);

// The page of the host's own keys and of all components in `registry`, by kind: docs/reference/components.md.
std::string reference_page(const PluginRegistry& registry);

// An entry of a pipeline file for this component: {"augment": [{"use": "dha.flip", "probability": 0.5}]}. It has all
// defaults, and valid values for required parameters. Optional parameters are left out, except for the first of those
// of which exactly one must be given.
nlohmann::ordered_json example_use(const ComponentRecord& component);

}  // namespace dha::app
