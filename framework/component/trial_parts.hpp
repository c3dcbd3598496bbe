// The components that choose the trials of a stage: the space that they are of, and the trial searcher.
#pragma once

#include "component/component_slot.hpp"
#include "component/stage_parts.hpp"
#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

struct TrialParts {
  // Creates, prepares and attaches both.
  TrialParts(const StageConfig& config, const StageEnvironment& environment);

  ComponentSlot<Space> space;
  ComponentSlot<TrialSearcher> searcher;
};

}  // namespace dha
