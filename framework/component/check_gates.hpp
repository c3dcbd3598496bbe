// Checks a searcher's gates before a network uses them, so that an error is reported for the searcher, not for the
// network.
#pragma once

#include <string>
#include <vector>

#include "dha/architecture.hpp"

namespace dha {

// Throws Error{kContractViolation} that names the searcher and the choice, unless there is one entry per choice, with
// ascending active candidates of it, a weight of floating type on `device` for each, and no observed one twice or among
// the active ones. A frozen choice has as many active candidates as it keeps, of different inputs where these are
// distinct. With `finished`, every choice is frozen.
void check_gates(const Gates& gates, const std::vector<Choice>& choices, at::Device device, const std::string& searcher,
                 bool finished = false);

}  // namespace dha
