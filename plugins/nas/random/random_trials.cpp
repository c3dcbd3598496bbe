#include "random_trials.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

Schema RandomTrials::schema() {
  return Schema("Proposes random architectures, each to be trained as a trial of its own.")
      .integer("retries", "how often an architecture that was proposed before is drawn anew")
      .range(0, 100000)
      .def(100);
}

RandomTrials::RandomTrials(const Params& params, Context& context)
    : context_(context), retries_(params.integer("retries")) {}

void RandomTrials::attach(const Space& space, const std::string&) { space_ = &space; }

std::optional<Trial> RandomTrials::ask() {
  std::string architecture = space_->sample(context_.host_generator());
  for (int64_t i = 0; i < retries_ && seen_.count(architecture) > 0; ++i)
    architecture = space_->sample(context_.host_generator());
  seen_.insert(architecture);
  Trial trial;
  trial.id = next_id_++;
  trial.architecture = architecture;
  open_[trial.id] = architecture;
  return trial;
}

void RandomTrials::tell(const TrialOutcome& outcome) {
  const auto open = open_.find(outcome.id);
  if (open == open_.end())
    throw Error(ErrorCode::kContractViolation, "trial " + std::to_string(outcome.id) + " is not open");
  Trial trial;
  trial.id = outcome.id;
  trial.architecture = open->second;
  open_.erase(open);
  if (outcome.status != TrialStatus::kFinished || !outcome.validation_accuracy ||
      !std::isfinite(*outcome.validation_accuracy))
    return;
  if (best_ && *outcome.validation_accuracy <= best_accuracy_) return;
  best_ = trial;
  best_accuracy_ = *outcome.validation_accuracy;
}

std::optional<Trial> RandomTrials::best() const { return best_; }

std::string RandomTrials::report() const {
  Json report{{"proposed", next_id_}};
  if (best_) report["best"] = {{"id", best_->id}, {"validation_accuracy", best_accuracy_}};
  return report.dump();
}

State RandomTrials::state() const {
  Json json{{"next_id", next_id_}, {"seen", seen_}, {"open", Json::array()}, {"best", nullptr}};
  for (const auto& [id, architecture] : open_) json["open"].push_back({id, architecture});
  if (best_) json["best"] = {{"id", best_->id}, {"architecture", best_->architecture}, {"accuracy", best_accuracy_}};
  return {{}, json.dump()};
}

void RandomTrials::restore(const State& state) {
  try {
    const Json json = Json::parse(state.json);
    next_id_ = json.at("next_id");
    seen_ = json.at("seen").get<std::set<std::string>>();
    open_.clear();
    for (const Json& trial : json.at("open")) open_[trial.at(0)] = trial.at(1);
    best_.reset();
    if (json.at("best").is_null()) return;
    best_.emplace();
    best_->id = json["best"].at("id");
    best_->architecture = json["best"].at("architecture");
    best_accuracy_ = json["best"].at("accuracy");
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::kInvalidParameter, std::string("the state cannot be read: ") + e.what());
  }
}

}  // namespace dha
