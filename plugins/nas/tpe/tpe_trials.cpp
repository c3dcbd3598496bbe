#include "tpe_trials.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "dha/error.hpp"
#include "parzen_estimator.hpp"

namespace dha {

namespace {

constexpr double kMostGood = 25;

std::vector<double> picked(const std::vector<double>& point, const std::vector<size_t>& dimensions) {
  std::vector<double> numbers;
  for (const size_t i : dimensions) numbers.push_back(point[i]);
  return numbers;
}

std::vector<std::vector<double>> picked(const std::vector<std::vector<double>>& points,
                                        const std::vector<size_t>& dimensions) {
  std::vector<std::vector<double>> found;
  for (const std::vector<double>& point : points) found.push_back(picked(point, dimensions));
  return found;
}

}  // namespace

Schema TpeTrials::schema() {
  return Schema("Searches settings by tree-structured Parzen estimators.")
      .integer("startup", "finished trials with random settings before the first chosen ones")
      .range(1, 100000)
      .def(10)
      .real("gamma", "share of the finished trials that count as good; at most 25 do")
      .range(0, 1)
      .def(0.1)
      .integer("candidates", "settings drawn from those of good trials, of which the most promising are tried")
      .range(1, 100000)
      .def(24)
      .boolean("multivariate", "estimate one density of all parameters, instead of one for each, as published in 2011")
      .def(true)
      .integer("max_open",
               "trials that are open at once after the first ones; a trial is chosen by the outcomes of all but the "
               "latest max_open - 1")
      .range(1, 10000)
      .def(1)
      .integer("keep", "number of best trials to return; their weights are kept")
      .range(1, 100000)
      .def(1);
}

TpeTrials::TpeTrials(const Params& params, Context& context)
    : context_(context),
      startup_(params.integer("startup")),
      candidates_(params.integer("candidates")),
      max_open_(params.integer("max_open")),
      keep_(params.integer("keep")),
      gamma_(params.real("gamma")),
      is_multivariate_(params.boolean("multivariate")) {}

void TpeTrials::attach(const Space& space, const Stage& stage) {
  domain_.attach(space, stage, context_);
  for (const Margin& margin : stage.margins(stage.architecture()))
    if (!margin.satisfied)
      throw Error(ErrorCode::kInvalidConfig, "the architecture of stage '" + stage.name() +
                                                 "' violates its constraint on '" + margin.quantity +
                                                 "', and dha.tpe searches no other; loosen 'constraints' or give the "
                                                 "stage another 'architecture'");
  for (size_t i = 0; i < domain_.settings().dimensions().size(); ++i)
    if (domain_.settings().dimensions()[i].is_variable()) variable_.push_back(i);
  nas::warn_of_idle_workers(stage, max_open_, context_);
  draws_ = nas::TrialDraws(context_.host_generator());
}

// Counting the trials whose outcomes may be unknown as finished.
bool TpeTrials::has_enough_before(int64_t id) const {
  if (id < startup_ || variable_.empty()) return false;
  const auto known = std::distance(accuracy_.begin(), accuracy_.upper_bound(id - max_open_));
  return known > 0 && known + max_open_ - 1 >= startup_;
}

TpeTrials::Split TpeTrials::split_before(int64_t id) const {
  std::vector<std::pair<double, int64_t>> ranked;  // by descending accuracy, then by id
  for (auto known = accuracy_.begin(); known != accuracy_.upper_bound(id - max_open_); ++known)
    ranked.emplace_back(-known->second, known->first);
  std::sort(ranked.begin(), ranked.end());
  const double share = std::ceil(gamma_ * static_cast<double>(ranked.size()));
  ranked.resize(static_cast<size_t>(std::min(share, kMostGood)));
  Split split;
  for (int64_t i = 0; i < id; ++i) {
    const bool is_good = std::any_of(ranked.begin(), ranked.end(), [i](const auto& one) { return one.second == i; });
    (is_good ? split.good : split.others).push_back(points_[static_cast<size_t>(i)]);
  }
  return split;
}

TpeTrials::Point TpeTrials::choose(int64_t id, const at::Generator& generator) const {
  const Split split = split_before(id);
  std::vector<std::vector<size_t>> groups;  // dimensions with one density
  if (is_multivariate_)
    groups = {variable_};
  else
    for (const size_t i : variable_) groups.push_back({i});
  Point chosen = domain_.settings().draw(generator);  // of dimensions with a single value
  for (const std::vector<size_t>& group : groups) {
    std::vector<nas::Dimension> dimensions;
    for (const size_t i : group) dimensions.push_back(domain_.settings().dimensions()[i]);
    const ParzenEstimator good(dimensions, picked(split.good, group)), others(dimensions, picked(split.others, group));
    const std::vector<Point> candidates = good.sample(candidates_, generator);
    const std::vector<double> in_good = good.log_densities(candidates), in_others = others.log_densities(candidates);
    size_t best = 0;
    for (size_t i = 1; i < candidates.size(); ++i)
      if (in_good[i] - in_others[i] > in_good[best] - in_others[best]) best = i;
    for (size_t i = 0; i < group.size(); ++i) chosen[group[i]] = candidates[best][i];
  }
  return chosen;
}

std::optional<Trial> TpeTrials::ask() {
  const int64_t id = trials_.opened();
  if (id >= startup_ && trials_.closed_below() <= id - max_open_) return std::nullopt;
  const at::Generator generator = draws_.of(id);
  points_.push_back(has_enough_before(id) ? choose(id, generator) : domain_.settings().draw(generator));
  Trial trial;
  trial.id = trials_.open();
  trial.settings = domain_.settings().text(points_.back());
  return trial;
}

void TpeTrials::tell(const TrialOutcome& outcome) {
  trials_.close(outcome.id);
  if (finished_.add(outcome)) accuracy_[outcome.id] = outcome.measurements.at(quantity::kValidationAccuracy);
}

std::vector<int64_t> TpeTrials::outcomes() const { return finished_.best(keep_); }

std::string TpeTrials::constraint_handling() const {
  return "searches settings of one architecture, which must satisfy them";
}

std::string TpeTrials::report() const { return finished_.report(trials_.opened()); }

}  // namespace dha
