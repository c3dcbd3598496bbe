// The rules between the keys of a stage and between stages, beyond the type and range of each key.
#pragma once

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// `stages`: the list after inherit_stages(). Values of a wrong type are passed over: check_fields() reports them.
void check_stages(const Node& stages, ProblemList& problems);

}  // namespace dha
