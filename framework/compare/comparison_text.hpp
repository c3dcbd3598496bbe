// A comparison as text: for people, as Markdown, as comma-separated values, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compare/comparison.hpp"

namespace dha::compare {

// Tables with aligned columns: groups, settings that differ, tests, and runs that are left out.
std::string comparison_text(const Comparison& comparison);

// The same as tables of Markdown.
std::string comparison_markdown(const Comparison& comparison);

// One row per group, with everything about it in columns: table (from 1), group, numbers, tests, and a column for each
// pointer in which groups of some table differ. Empty where there is no number.
std::string comparison_csv(const Comparison& comparison);

// All values, accuracies and differences as shares.
nlohmann::ordered_json comparison_json(const Comparison& comparison);

}  // namespace dha::compare
