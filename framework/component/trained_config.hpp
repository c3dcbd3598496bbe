// The stage as it was trained, from its checkpoint: a trial sets parameters of components that the pipeline does not
// have.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "dha/component.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

// The completed parameters of a stage's space, hyper-optimizer and augmenters, for its checkpoints.
nlohmann::ordered_json component_params(const StageConfig& config);

// `config` with the component_params() that `checkpoint`, one of its stage or of one of its trials, was saved with.
StageConfig trained_config(const StageConfig& config, const State& checkpoint);

}  // namespace dha
