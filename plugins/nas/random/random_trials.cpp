#include "random_trials.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randint.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Drawn architectures of one trial that may violate the constraints.
constexpr int64_t kMostForbidden = 1000;

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers give unrelated seeds.
uint64_t mixed(uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

// Of each violated constraint how often it failed, and the value that came closest to its limit.
class Violations {
 public:
  // Returns whether all constraints hold.
  bool check(const std::vector<Margin>& margins) {
    bool holds = true;
    for (const Margin& margin : margins) {
      if (margin.satisfied) continue;
      holds = false;
      auto& [count, closest] = of_[margin.quantity];
      if (count++ == 0 || std::fabs(margin.value - margin.limit) < std::fabs(closest.value - closest.limit))
        closest = margin;
    }
    count_ += holds ? 0 : 1;
    return holds;
  }

  int64_t count() const { return count_; }

  // Of the constraint that failed most often.
  std::string message() const {
    const std::pair<int64_t, Margin>* worst = nullptr;
    for (const auto& [quantity, found] : of_)
      if (worst == nullptr || found.first > worst->first) worst = &found;
    return "none of " + std::to_string(count_) + " random architectures satisfies the stage's constraint on '" +
           worst->second.quantity + "': the closest has " + Json(worst->second.value).dump() + ", the limit is " +
           Json(worst->second.limit).dump() + "; loosen 'constraints', or give the space parameters that fit them";
  }

 private:
  std::map<std::string, std::pair<int64_t, Margin>> of_;
  int64_t count_ = 0;
};

}  // namespace

Schema RandomTrials::schema() {
  return Schema("Proposes random trials: architectures, settings of parameters, or both.")
      .strings("over", "what to draw: architecture, settings, or both", 1, 2)
      .def(std::vector<std::string>{"architecture"})
      .integer("retries", "how often to redraw an architecture that was proposed before")
      .range(0, 100000)
      .def(100)
      .integer("keep", "number of best trials to return; their weights are kept")
      .range(1, 100000)
      .def(1);
}

RandomTrials::RandomTrials(const Params& params, Context& context)
    : context_(context), retries_(params.integer("retries")), keep_(params.integer("keep")) {
  for (const std::string& item : params.strings("over")) {
    if (item != "architecture" && item != "settings")
      throw Error(ErrorCode::kInvalidParameter,
                  "parameter 'over' has '" + item + "', expected 'architecture', 'settings' or both");
    (item == "architecture" ? is_over_architecture_ : is_over_settings_) = true;
  }
}

void RandomTrials::attach(const Space& space, const Stage& stage) {
  space_ = &space;
  stage_ = &stage;
  if (is_over_architecture_ && space.choices().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is no architecture to draw; set 'over' to [\"settings\"]");
  if (!is_over_architecture_ && !space.choices().empty() && stage.architecture().empty())
    throw Error(ErrorCode::kInvalidConfig,
                "trials over settings alone train the stage's own architecture, but stage '" + stage.name() +
                    "' has none; give the stage an 'architecture', or add \"architecture\" to 'over'");
  if (is_over_settings_) take_settings();
  seed_ = static_cast<uint64_t>(
      at::randint(std::numeric_limits<int64_t>::max(), {1}, context_.host_generator(), at::TensorOptions(at::kLong))
          .item<int64_t>());
}

void RandomTrials::take_settings() {
  settings_ = RandomSettings(stage_->tunable());
  for (const RandomSettings::LeftOut& one : settings_.left_out())
    context_.log(LogLevel::kInfo, "parameter '" + one.pointer + "' is not drawn: " + one.reason +
                                      "; name its values in the 'ranges' of 'trials' to draw it");
  if (settings_.empty())
    throw Error(ErrorCode::kInvalidConfig, "stage '" + stage_->name() +
                                               "' has no parameter that a trial can draw; name some in the 'ranges' of "
                                               "'trials', or remove \"settings\" from 'over'");
}

at::Generator RandomTrials::generator_of(int64_t id) const {
  return at::detail::createCPUGenerator(mixed(seed_ + static_cast<uint64_t>(id)));
}

std::optional<Trial> RandomTrials::ask() {
  Trial trial;
  trial.id = next_id_++;
  const at::Generator generator = generator_of(trial.id);
  if (is_over_settings_) trial.settings = settings_.draw(generator);
  if (is_over_architecture_) trial.architecture = draw_architecture(generator);
  open_.insert(trial.id);
  return trial;
}

std::string RandomTrials::draw_architecture(const at::Generator& generator) {
  Violations violations;
  for (int64_t repeats = 0;;) {
    std::string architecture = space_->sample(generator);
    if (!violations.check(stage_->margins(architecture))) {
      if (violations.count() == kMostForbidden) throw Error(ErrorCode::kInvalidConfig, violations.message());
      continue;
    }
    if (proposed_.insert(architecture).second || repeats++ == retries_) return architecture;
  }
}

void RandomTrials::tell(const TrialOutcome& outcome) {
  if (open_.erase(outcome.id) == 0)
    throw Error(ErrorCode::kContractViolation, "dha.random was told of trial " + std::to_string(outcome.id) +
                                                   ", which is not open; expected one that was asked for and not told");
  finished_.add(outcome);
}

std::vector<int64_t> RandomTrials::outcomes() const {
  std::vector<int64_t> ids = finished_.ids();
  ids.resize(std::min(ids.size(), static_cast<size_t>(keep_)));
  return ids;
}

std::string RandomTrials::report() const {
  Json report{{"proposed", next_id_}, {"finished", finished_.ranked().size()}};
  if (!finished_.ranked().empty()) {
    const nas::FinishedTrials::Entry& best = finished_.ranked().front();
    report["best"] = {{"id", best.id}, {"validation_accuracy", best.value}};
  }
  return report.dump();
}

}  // namespace dha
