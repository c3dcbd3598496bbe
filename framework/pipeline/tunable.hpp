// The parameters of a stage that a trial searcher may set, and the ranges that a pipeline file lets it search.
#pragma once

#include <string>

#include "pipeline/node.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// A JSON object from JSON pointer below the stage to the parameter's field as in Schema::json_text(): the host's keys
// ("/batch_size", "/drop_path"), then parameters of components ("/space/x", "/searcher/x", "/augment/0/x", "/hyper/x"),
// those within an object parameter included ("/space/stem/stride"). The stage's `trial_ranges` are applied: a number
// has "tuning_range", a choice or boolean "choices", an integer of few values "one_of", narrowed to what the file asks
// for. Throws Error{kNotFound} for a component that `registry` lacks.
std::string tunable_parameters(const StageConfig& stage, const PluginRegistry& registry);

// Checks the stage's `trial_ranges` against those parameters. `ranges`: the object as written; `pointer`: its place in
// the pipeline.
void check_trial_ranges(const StageConfig& stage, const PluginRegistry& registry, const Node& ranges,
                        const std::string& pointer, ProblemList& problems);

}  // namespace dha
