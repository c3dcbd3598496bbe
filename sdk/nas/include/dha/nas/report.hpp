// Texts about a search for its readers: Searcher::report() and warnings.
#pragma once

#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/context.hpp"
#include "dha/nas/derive.hpp"
#include "dha/stage.hpp"

namespace dha::nas {

// {"choices": [{"name": "normal.node0", "kept": ["skip_connect@0", …], "strengths": [0.1, …]}, …]}: the candidates that
// each choice keeps, and the strengths of all of its candidates in the space's order, null for -infinity.
std::string strengths_json(const std::vector<Choice>& choices, const Strengths& strengths, const Decisions& kept);

// Logs a warning if the decided architecture violates a constraint of the stage, with the quantities that do.
void warn_of_violations(Context& context, const Stage& stage, const std::string& architecture);

}  // namespace dha::nas
