// dha.evolution: a trial searcher by regularised evolution (Real, Aggarwal, Huang and Le: Regularized Evolution for
// Image Classifier Architecture Search, AAAI 2019, algorithm 1).
//
// The first trials are random. Each later trial is a child of the best of a random sample of the population, which is
// the latest finished trials: the oldest leaves when a new one joins, however good it is. A child differs from its
// parent in one decision of the architecture or in one of the settings.
//
// Trial n is bred from the outcomes of trials 0 … n - max_open, and ask() waits for those. So the trials are the same
// in whatever order outcomes come, and for every number of workers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dha/nas/finished_trials.hpp"
#include "dha/nas/open_trials.hpp"
#include "dha/nas/trial_domain.hpp"
#include "dha/nas/trial_draws.hpp"
#include "dha/plugin.hpp"

namespace dha {

class EvolutionTrials : public TrialSearcher {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} where "over" names something else than "architecture" and "settings".
  EvolutionTrials(const Params& params, Context& context);

  // Throws Error{kInvalidConfig} where the space or the stage leaves nothing to draw.
  void attach(const Space& space, const Stage& stage) override;

  // Throws Error{kInvalidConfig} that names the constraint if no architecture is found that satisfies the stage's.
  std::optional<Trial> ask() override;

  void tell(const TrialOutcome& outcome) override;

  // Of a trial that can still become a parent, if children inherit weights.
  bool needs_weights(int64_t id) const override;

  std::vector<int64_t> outcomes() const override;  // the best `keep`
  std::string report() const override;
  std::string constraint_handling() const override;

 private:
  std::vector<int64_t> population_before(int64_t id) const;
  std::optional<int64_t> parent_of(int64_t id, const at::Generator& generator) const;

  Context& context_;
  nas::TrialDomain domain_;
  int64_t population_, tournament_, max_open_, keep_;
  bool inherits_;
  nas::TrialDraws draws_;
  nas::OpenTrials trials_{"dha.evolution"};
  std::vector<nas::TrialDomain::Point> points_;  // by id
  std::map<int64_t, double> fitness_;            // of finished trials: their validation accuracy
  nas::FinishedTrials finished_;
};

}  // namespace dha
