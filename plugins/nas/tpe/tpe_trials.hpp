// dha.tpe: a trial searcher over settings by tree-structured Parzen estimators (Bergstra, Bardenet, Bengio and Kégl:
// Algorithms for Hyper-Parameter Optimization, 2011, section 4), with the published defaults of Optuna 5.0.
//
// The first trials are random. After them, the finished trials are split by validation accuracy into good and others,
// a density of the settings is estimated for each, and of several draws from that of the good the one is tried that is
// likeliest under it compared with that of the others (maximal expected improvement). Trials that failed count among
// the others, as do those whose outcomes may be unknown, so that open trials spread out.
//
// Trial n is chosen by the outcomes of trials 0 … n - max_open, and ask() waits for those. So the trials are the same
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

class TpeTrials : public TrialSearcher {
 public:
  static Schema schema();

  TpeTrials(const Params& params, Context& context);

  // Throws Error{kInvalidConfig} where the stage has no parameter to set or no architecture, or where its constraints
  // forbid the architecture.
  void attach(const Space& space, const Stage& stage) override;

  std::optional<Trial> ask() override;
  void tell(const TrialOutcome& outcome) override;
  std::vector<int64_t> outcomes() const override;  // the best `keep`
  std::string report() const override;
  std::string constraint_handling() const override;

 private:
  using Point = std::vector<double>;

  struct Split {
    std::vector<Point> good, others;  // by id
  };
  Split split_before(int64_t id) const;
  bool has_enough_before(int64_t id) const;
  Point choose(int64_t id, const at::Generator& generator) const;

  Context& context_;
  nas::TrialDomain domain_{{"settings"}};
  int64_t startup_, candidates_, max_open_, keep_;
  double gamma_;
  bool is_multivariate_;
  std::vector<size_t> variable_;  // dimensions in which points can differ
  nas::TrialDraws draws_;
  nas::OpenTrials trials_{"dha.tpe"};
  std::vector<Point> points_;           // by id
  std::map<int64_t, double> accuracy_;  // of finished trials
  nas::FinishedTrials finished_;
};

}  // namespace dha
