// Gives the first stage the architecture of the model that its initial weights come from.
#pragma once

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// The stage's "architecture", where the pipeline has "initial_weights", the stage says in no other way which network it
// trains, and its space is the model's. Reports a file that is to be read and cannot be.
void take_initial_architecture(Node& pipeline, ProblemList& problems);

}  // namespace dha
