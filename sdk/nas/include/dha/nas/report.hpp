// Texts about a search for its readers.
#pragma once

#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/nas/derive.hpp"

namespace dha::nas {

// {"choices": [{"name": "normal.node0", "kept": ["skip_connect@0", …], "strengths": [0.1, …]}, …]}: the candidates that
// each choice keeps, and the strengths of all of its candidates in the space's order, null for -infinity.
std::string strengths_json(const std::vector<Choice>& choices, const Strengths& strengths, const Decisions& kept);

}  // namespace dha::nas
