// The components that choose the trials of a stage: the space and the trial searcher.
#pragma once

#include <string>

#include "component/guarded_space.hpp"
#include "component/guarded_trial_searcher.hpp"
#include "component/stage_parts.hpp"
#include "component/stage_view.hpp"

namespace dha {

class TrialParts {
 public:
  // Creates, prepares and attaches both. `architecture`: the one carried from an earlier stage; if "", the stage's own
  // is that of its `architecture` key, of its searcher, which must be finished, or the only one of its space. Throws
  // Error{kInvalidConfig} if that searcher is not finished.
  TrialParts(const StageConfig& config, const StageEnvironment& environment, const std::string& architecture);

  GuardedSpace& space() { return space_; }
  GuardedTrialSearcher& searcher() { return searcher_; }
  const StageView& stage() const { return stage_; }

 private:
  std::string own_architecture(const StageEnvironment& environment) const;

  StageConfig config_;
  GuardedSpace space_;
  StageView stage_;
  GuardedTrialSearcher searcher_;
};

}  // namespace dha
