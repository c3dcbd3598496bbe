// Checks that a stage meets the needs of its components (Component::needs) and that its space reports the quantities of
// its constraints.
#pragma once

#include <string>

#include "component/stage_parts.hpp"
#include "component/trial_parts.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// Report each need that is not met, at the component's location. Validation images count as available while it is
// unknown whether the data set has a validation split.
void check_needs(const StageParts& parts, ProblemList& problems);
void check_needs(TrialParts& parts, const StageConfig& config, ProblemList& problems);

// How the search of a stage keeps to its constraints, a sentence for users; "" if it has no constraints or no search.
std::string remark_on_constraints(const StageParts& parts);
std::string remark_on_constraints(TrialParts& parts, const StageConfig& config);

}  // namespace dha
