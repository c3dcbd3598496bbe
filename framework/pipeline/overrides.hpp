// Sets values of a merged pipeline from the command line.
#pragma once

#include "pipeline/node.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// Sets the value that `change` names. Objects on the way that are not there yet are made, so that a key the format does
// not know is reported like one that stands in the file; a list's item or a stage that is not there goes to `problems`.
// Relative paths in the value are relative to the current directory.
void apply_override(Node& pipeline, const Override& change, ProblemList& problems);

}  // namespace dha
