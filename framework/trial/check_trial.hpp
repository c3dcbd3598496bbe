// Whether a trial is one that the stage can train: what a trial searcher gets wrong is refused when it is asked.
#pragma once

#include "dha/trial_searcher.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

// Throws Error{kContractViolation} that names the trial searcher and ask() where the trial's epochs are none of the
// stage's, or it sets what is not declared tunable. What the settings' values may be is checked by with_settings().
void check_trial(const Trial& trial, const StageConfig& stage, const PluginRegistry& registry);

}  // namespace dha
