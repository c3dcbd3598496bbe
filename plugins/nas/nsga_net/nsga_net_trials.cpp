#include "nsga_net_trials.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nas/allowed_architecture.hpp"
#include "genome.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

std::string names_of(const TrialOutcome& outcome) {
  std::string names;
  for (const Quantities* quantities : {&outcome.measurements, &outcome.cost})
    for (const Quantity& one : *quantities) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

}  // namespace

Schema NsgaNetTrials::schema() {
  return Schema("Searches architectures for several objectives by NSGA-II, and returns their Pareto front.")
      .strings("maximise", "measurements or costs to increase")
      .def(std::vector<std::string>{quantity::kValidationAccuracy})
      .strings("minimise", "measurements or costs to decrease")
      .def(std::vector<std::string>{quantity::kMultiplyAdds})
      .integer("population", "trials of the first generation, and survivors of each")
      .range(2, 100000)
      .def(40)
      .integer("offspring", "trials of each later generation")
      .range(1, 100000)
      .def(20)
      .real("crossover", "probability that a child has two parents")
      .range(0, 1)
      .def(0.9)
      .integer("retries", "how often to redraw an architecture that was proposed before or violates a constraint")
      .range(0, 100000)
      .def(1000)
      .boolean("inherit",
               "start a child from the weights that it shares with the nearer of its parents, instead of from new ones")
      .def(false);
}

NsgaNetTrials::NsgaNetTrials(const Params& params, Context& context)
    : context_(context),
      population_size_(params.integer("population")),
      offspring_(params.integer("offspring")),
      retries_(params.integer("retries")),
      crossover_(params.real("crossover")),
      inherits_(params.boolean("inherit")) {
  std::set<std::string> names;
  for (const char* parameter : {"maximise", "minimise"})
    for (const std::string& name : params.strings(parameter)) {
      objectives_.push_back({name, parameter == std::string("maximise") ? -1.0 : 1.0});
      if (!names.insert(name).second)
        throw Error(ErrorCode::kInvalidParameter,
                    "the parameters 'maximise' and 'minimise' name '" + name + "' twice; name each objective once");
    }
  if (objectives_.empty())
    throw Error(ErrorCode::kInvalidParameter,
                "the parameters 'maximise' and 'minimise' are both empty; name at least one objective");
}

void NsgaNetTrials::attach(const Space& space, const Stage& stage) {
  domain_.attach(space, stage, context_);
  space_ = &space;
  stage_ = &stage;
  draws_ = nas::TrialDraws(context_.host_generator());
}

int64_t NsgaNetTrials::generation_size() const { return generation_ == 0 ? population_size_ : offspring_; }

std::optional<Trial> NsgaNetTrials::ask() {
  if (trials_.opened() - first_of_generation_ == generation_size()) {
    if (trials_.closed_below() < trials_.opened()) return std::nullopt;
    begin_generation();
  }
  const Proposal proposal = propose(draws_.of(trials_.opened()));
  Trial trial;
  trial.id = trials_.open();
  trial.architecture = proposal.architecture;
  if (inherits_ && proposal.parent) trial.start.emplace().trial = proposal.parent;
  architectures_.push_back(proposal.architecture);
  proposed_.insert(proposal.architecture);
  return trial;
}

// Of the parents and the generation that has ended, those that survive are the next parents.
void NsgaNetTrials::begin_generation() {
  std::vector<int64_t> ids = population_;
  for (auto one = scored_.lower_bound(first_of_generation_); one != scored_.end(); ++one) ids.push_back(one->first);
  std::vector<nas::Scored> points;
  for (const int64_t id : ids) points.push_back(scored_.at(id));
  const nas::Survivors survivors = nas::survivors(points, static_cast<size_t>(population_size_));
  population_.clear();
  for (const size_t position : survivors.positions) population_.push_back(ids[position]);
  crowding_ = survivors.crowding;
  ++generation_;
  first_of_generation_ = trials_.opened();
}

// The first new and allowed architecture of many; else a new one that violates least, else a repeated one.
NsgaNetTrials::Proposal NsgaNetTrials::propose(const at::Generator& generator) const {
  const auto next = [&] { return population_.empty() ? draw(generator) : breed(generator); };
  Proposal best = next();
  for (int64_t i = 0; i < retries_ && (best.is_repeat || best.violation > 0); ++i) {
    Proposal other = next();
    if (std::pair(other.is_repeat, other.violation) < std::pair(best.is_repeat, best.violation))
      best = std::move(other);
  }
  return best;
}

NsgaNetTrials::Proposal NsgaNetTrials::draw(const at::Generator& generator) const {
  Proposal drawn;
  drawn.architecture = space_->sample(generator);
  drawn.violation = nas::violation(*stage_, drawn.architecture);
  drawn.is_repeat = proposed_.contains(drawn.architecture);
  return drawn;
}

NsgaNetTrials::Proposal NsgaNetTrials::breed(const at::Generator& generator) const {
  const Genome genome(*space_);
  const int64_t mother = population_[tournament(generator)], father = population_[tournament(generator)];
  const auto decisions_of = [&](int64_t id) { return space_->decisions(architectures_[static_cast<size_t>(id)]); };
  const Decisions of_mother = decisions_of(mother), of_father = decisions_of(father);
  Decisions child = of_mother;
  if (nas::draw_share(generator) < crossover_) child = genome.cross(of_mother, of_father, generator);
  child = genome.mutate(child, generator);
  Proposal bred;
  bred.architecture = space_->architecture(child);
  bred.violation = nas::violation(*stage_, bred.architecture);
  bred.is_repeat = proposed_.contains(bred.architecture);
  const bool is_mother_nearer = Genome::distance(child, of_mother) <= Genome::distance(child, of_father);
  const int64_t parent = is_mother_nearer ? mother : father;
  if (scored_.at(parent).violation == 0) bred.parent = parent;  // others were not trained
  return bred;
}

// The position of the better of two random parents: the one that dominates, else the less crowded one.
size_t NsgaNetTrials::tournament(const at::Generator& generator) const {
  const auto count = static_cast<int64_t>(population_.size());
  const auto one = static_cast<size_t>(nas::draw_below(count, generator));
  const auto other = static_cast<size_t>(nas::draw_below(count, generator));
  const nas::Scored &a = scored_.at(population_[one]), &b = scored_.at(population_[other]);
  if (nas::dominates(a, b)) return one;
  if (nas::dominates(b, a)) return other;
  return crowding_[other] > crowding_[one] ? other : one;
}

nas::Objectives NsgaNetTrials::objectives_of(const TrialOutcome& outcome) const {
  nas::Objectives found;
  for (const Objective& objective : objectives_) {
    std::optional<double> value = outcome.measurements.find(objective.quantity);
    if (!value) value = outcome.cost.find(objective.quantity);
    if (!value)
      throw Error(ErrorCode::kInvalidConfig, "trial " + std::to_string(outcome.id) + " has no '" + objective.quantity +
                                                 "', which dha.nsga_net compares; name some of " + names_of(outcome) +
                                                 " in 'maximise' or 'minimise'");
    found.push_back(objective.sign * *value);
  }
  return found;
}

void NsgaNetTrials::tell(const TrialOutcome& outcome) {
  trials_.close(outcome.id);
  if (outcome.status == TrialStatus::kRejected) {
    const double violation = nas::violation(*stage_, architectures_.at(static_cast<size_t>(outcome.id)));
    if (violation > 0) scored_[outcome.id] = {{}, violation};
    return;
  }
  if (outcome.status != TrialStatus::kFinished) return;
  nas::Scored scored{objectives_of(outcome), 0};
  if (!std::all_of(scored.objectives.begin(), scored.objectives.end(), [](double x) { return std::isfinite(x); }))
    return;
  scored_[outcome.id] = std::move(scored);
  add_to_front(outcome.id);
}

void NsgaNetTrials::add_to_front(int64_t id) {
  const nas::Scored& added = scored_.at(id);
  const auto is_dominated_by = [&](int64_t member) { return nas::dominates(scored_.at(member), added); };
  if (std::any_of(front_.begin(), front_.end(), is_dominated_by)) return;
  std::erase_if(front_, [&](int64_t member) { return nas::dominates(added, scored_.at(member)); });
  const auto is_before = [this](int64_t a, int64_t b) {
    return std::pair(scored_.at(a).objectives[0], a) < std::pair(scored_.at(b).objectives[0], b);
  };
  front_.insert(std::lower_bound(front_.begin(), front_.end(), id, is_before), id);
}

bool NsgaNetTrials::needs_weights(int64_t id) const {
  const auto found = scored_.find(id);
  if (!inherits_ || found == scored_.end() || found->second.violation > 0) return false;
  return id >= first_of_generation_ || std::find(population_.begin(), population_.end(), id) != population_.end();
}

std::vector<int64_t> NsgaNetTrials::outcomes() const { return front_; }

std::string NsgaNetTrials::objectives_json() const {
  Json objectives = Json::array();
  for (const Objective& objective : objectives_)
    objectives.push_back({{"quantity", objective.quantity}, {"better", objective.sign < 0 ? "greater" : "smaller"}});
  return objectives.dump();
}

std::vector<Artefact> NsgaNetTrials::artefacts() const {
  Json trials = Json::array();
  for (const int64_t id : front_) {
    Json& trial = trials.emplace_back(Json{{"id", id}});
    const nas::Objectives& values = scored_.at(id).objectives;
    for (size_t i = 0; i < objectives_.size(); ++i) trial[objectives_[i].quantity] = objectives_[i].sign * values[i];
  }
  return {{"front.json", Json{{"objectives", Json::parse(objectives_json())}, {"front", trials}}.dump(2) + "\n"}};
}

// The hypervolume is that above the worst values of the first generation.
std::string NsgaNetTrials::constraint_handling() const {
  return "ranks architectures that violate them behind all others, by how much they do, and does not train them";
}

std::string NsgaNetTrials::report() const {
  const auto finished =
      std::count_if(scored_.begin(), scored_.end(), [](const auto& one) { return one.second.violation == 0; });
  Json report{{"proposed", trials_.opened()}, {"finished", finished}, {"generation", generation_}};
  report["objectives"] = Json::parse(objectives_json());
  report["front"] = front_.size();
  nas::Objectives worst;
  std::vector<nas::Objectives> front;
  for (const auto& [id, scored] : scored_) {
    if (id >= population_size_ || scored.violation > 0) continue;
    if (worst.empty()) worst = scored.objectives;
    for (size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], scored.objectives[i]);
  }
  if (worst.empty()) return report.dump();
  for (const int64_t id : front_) front.push_back(scored_.at(id).objectives);
  report["hypervolume"] = nas::hypervolume(front, worst);
  return report.dump();
}

}  // namespace dha
