// dha.random: a trial searcher that draws architectures, settings, or both at random.
//
// The draws of a trial depend on the run's seed and the trial's id only, so that trials are the same in whatever order
// outcomes come. An architecture that an earlier trial had is drawn anew, a limited number of times; so are those that
// violate the stage's constraints.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dha/nas/finished_trials.hpp"
#include "dha/nas/open_trials.hpp"
#include "dha/nas/trial_domain.hpp"
#include "dha/nas/trial_draws.hpp"
#include "dha/plugin.hpp"

namespace dha {

class RandomTrials : public TrialSearcher {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} where "over" names something else than "architecture" and "settings".
  RandomTrials(const Params& params, Context& context);

  // Throws Error{kInvalidConfig} where the space or the stage leaves nothing to draw.
  void attach(const Space& space, const Stage& stage) override;

  // Never empty. Throws Error{kInvalidConfig} that names the constraint where none of many drawn architectures
  // satisfies the stage's.
  std::optional<Trial> ask() override;

  void tell(const TrialOutcome& outcome) override;

  // All finished trials with a validation accuracy, the most accurate first, equal ones by lower id.
  std::vector<int64_t> outcomes() const override;  // the best `keep`

  std::string report() const override;
  std::string constraint_handling() const override;

 private:
  std::string draw_architecture(const at::Generator& generator);

  Context& context_;
  nas::TrialDomain domain_;
  int64_t retries_, keep_;
  nas::TrialDraws draws_;
  nas::OpenTrials trials_{"dha.random"};
  std::set<std::string> proposed_;  // architectures
  nas::FinishedTrials finished_;
};

}  // namespace dha
