// Sets values of a merged pipeline from the command line.
#pragma once

#include "pipeline/node.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// Sets the value named by `change`. Creates missing objects on the way, so that an unknown key is reported like one in
// the file; adds a missing list item or stage to `problems`. Relative paths in the value are relative to the current
// directory.
void apply_override(Node& pipeline, const Override& change, ProblemList& problems);

}  // namespace dha
