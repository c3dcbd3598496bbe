// dha.nsga_net: a trial searcher over architectures for several objectives at once (Lu et al.: NSGA-Net: Neural
// Architecture Search using Multi-Objective Genetic Algorithm, GECCO 2019, micro search), by NSGA-II (Deb et al.,
// 2002).
//
// The first generation is random. The offspring of later ones are bred by binary tournaments, two-point crossover and
// mutation, and the best of parents and offspring survive: the lowest fronts, and of the last one the least crowded.
// Trials that failed do not survive. An architecture that violates the stage's constraints is bred only if many tries
// find no other; it is then proposed and rejected by the host, and constrained domination leads away from it.
//
// A generation is bred when all outcomes of the one before it are known. So the trials are the same in whatever order
// outcomes come, and for every number of workers.
//
// The paper mutates integers by a polynomial law, which assumes an order of operations and inputs. Here all candidates
// are equally likely, because a space's candidates have no order.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dha/nas/open_trials.hpp"
#include "dha/nas/pareto.hpp"
#include "dha/nas/trial_domain.hpp"
#include "dha/nas/trial_draws.hpp"
#include "dha/plugin.hpp"

namespace dha {

class NsgaNetTrials : public TrialSearcher {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} if there is no objective, or one is named twice.
  NsgaNetTrials(const Params& params, Context& context);

  // Throws Error{kInvalidConfig} where the space has no choices.
  void attach(const Space& space, const Stage& stage) override;

  std::optional<Trial> ask() override;

  // Throws Error{kInvalidConfig} if a finished trial has no quantity of an objective's name.
  void tell(const TrialOutcome& outcome) override;

  // Of a trial that can still become a parent, if children inherit weights.
  bool needs_weights(int64_t id) const override;

  // The front of all finished trials, ordered by the first objective, the best first; equal ones by id.
  std::vector<int64_t> outcomes() const override;

  std::vector<Artefact> artefacts() const override;  // front.json
  std::string report() const override;
  std::string constraint_handling() const override;

 private:
  // A quantity; `sign` times its value is minimised.
  struct Objective {
    std::string quantity;
    double sign = 1;
  };

  struct Proposal {
    std::string architecture;
    double violation = 0;
    bool is_repeat = false;
    std::optional<int64_t> parent;  // the one that it shares more candidates with
  };

  void begin_generation();
  int64_t generation_size() const;
  Proposal propose(const at::Generator& generator) const;
  Proposal draw(const at::Generator& generator) const;
  Proposal breed(const at::Generator& generator) const;
  size_t tournament(const at::Generator& generator) const;
  std::string objectives_json() const;  // names, and which values are better: JSON array
  nas::Objectives objectives_of(const TrialOutcome& outcome) const;
  void add_to_front(int64_t id);

  Context& context_;
  nas::TrialDomain domain_{{"architecture"}};
  std::vector<Objective> objectives_;
  int64_t population_size_, offspring_, retries_;
  double crossover_;
  bool inherits_;
  const Space* space_ = nullptr;
  const Stage* stage_ = nullptr;
  nas::TrialDraws draws_;
  nas::OpenTrials trials_{"dha.nsga_net"};

  std::vector<std::string> architectures_;  // by id
  std::set<std::string> proposed_;          // the same
  std::map<int64_t, nas::Scored> scored_;   // of trials that finished or were rejected
  std::vector<int64_t> front_;              // of finished trials
  std::vector<int64_t> population_;         // ids of the parents of the current generation
  std::vector<double> crowding_;            // of each parent
  int64_t generation_ = 0;
  int64_t first_of_generation_ = 0;  // id of its first trial
};

}  // namespace dha
