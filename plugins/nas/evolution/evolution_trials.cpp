#include "evolution_trials.hpp"

#include <algorithm>

namespace dha {

Schema EvolutionTrials::schema() {
  return Schema("Breeds trials by regularised evolution: mutates good ones, and forgets the oldest.")
      .strings("over", "what to search: architecture, settings, or both", 1, 2)
      .def(std::vector<std::string>{"architecture"})
      .integer("population", "latest finished trials that can be parents; published for 20000 trials: 100")
      .range(2, 100000)
      .def(20)
      .integer("tournament", "members drawn, with repeats, of which the best is the parent; published: 25")
      .range(1, 100000)
      .def(10)
      .boolean("inherit", "start a child from the weights that it shares with its parent, instead of from new weights")
      .def(false)
      .integer("max_open",
               "trials that are open at once after the first ones; a trial is bred from the outcomes of all but the "
               "latest max_open - 1")
      .range(1, 10000)
      .def(1)
      .integer("keep", "number of best trials to return; their weights are kept")
      .range(1, 100000)
      .def(1);
}

EvolutionTrials::EvolutionTrials(const Params& params, Context& context)
    : context_(context),
      domain_(params.strings("over")),
      population_(params.integer("population")),
      tournament_(params.integer("tournament")),
      max_open_(params.integer("max_open")),
      keep_(params.integer("keep")),
      inherits_(params.boolean("inherit")) {}

void EvolutionTrials::attach(const Space& space, const Stage& stage) {
  domain_.attach(space, stage, context_);
  nas::warn_of_idle_workers(stage, max_open_, context_);
  draws_ = nas::TrialDraws(context_.host_generator());
}

// The latest finished trials among those whose outcomes may be known when trial `id` is bred, the youngest first.
std::vector<int64_t> EvolutionTrials::population_before(int64_t id) const {
  std::vector<int64_t> population;
  for (auto member = fitness_.upper_bound(id - max_open_);
       member != fitness_.begin() && static_cast<int64_t>(population.size()) < population_;)
    population.push_back((--member)->first);
  return population;
}

// Nothing as long as the population is not full, counting the trials whose outcomes may be unknown as finished.
std::optional<int64_t> EvolutionTrials::parent_of(int64_t id, const at::Generator& generator) const {
  if (id < population_) return std::nullopt;
  const std::vector<int64_t> population = population_before(id);
  const auto size = static_cast<int64_t>(population.size());
  if (size == 0 || size + max_open_ - 1 < population_) return std::nullopt;
  int64_t best = -1;
  for (int64_t i = 0; i < tournament_; ++i) {
    const int64_t drawn = population[static_cast<size_t>(nas::draw_below(size, generator))];
    if (best < 0 || fitness_.at(drawn) > fitness_.at(best)) best = drawn;
  }
  return best;
}

std::optional<Trial> EvolutionTrials::ask() {
  const int64_t id = trials_.opened();
  if (id >= population_ && trials_.closed_below() <= id - max_open_) return std::nullopt;
  const at::Generator generator = draws_.of(id);
  const std::optional<int64_t> parent = parent_of(id, generator);
  const nas::TrialDomain::Point point =
      parent ? domain_.mutate(points_.at(static_cast<size_t>(*parent)), generator) : domain_.draw(generator);
  Trial trial;
  trial.id = trials_.open();
  trial.architecture = point.architecture;
  if (domain_.has_settings()) trial.settings = domain_.settings().text(point.settings);
  if (inherits_ && parent) trial.start.emplace().trial = parent;
  points_.push_back(point);
  return trial;
}

void EvolutionTrials::tell(const TrialOutcome& outcome) {
  trials_.close(outcome.id);
  if (finished_.add(outcome)) fitness_[outcome.id] = outcome.measurements.at(quantity::kValidationAccuracy);
}

bool EvolutionTrials::needs_weights(int64_t id) const {
  if (!inherits_ || !fitness_.contains(id)) return false;
  const std::vector<int64_t> population = population_before(trials_.opened());
  return id > trials_.opened() - max_open_ || std::find(population.begin(), population.end(), id) != population.end();
}

std::vector<int64_t> EvolutionTrials::outcomes() const { return finished_.best(keep_); }

std::string EvolutionTrials::constraint_handling() const { return "proposes only architectures that satisfy them"; }

std::string EvolutionTrials::report() const { return finished_.report(trials_.opened()); }

}  // namespace dha
