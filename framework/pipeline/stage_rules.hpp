// The rules between the keys of a stage and between stages, beyond the type and range of each key.
#pragma once

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// `stages`: the list after inherit_stages(). Ignores values of a wrong type, which check_fields() reports.
void check_stages(const Node& stages, ProblemList& problems);

}  // namespace dha
