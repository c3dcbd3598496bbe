// Report, state and restoration of dha.manas.
#include <ATen/ops/stack.h>

#include <nlohmann/json.hpp>

#include "dha/nas/state.hpp"
#include "manas_searcher.hpp"

namespace dha::manas {

using Json = nlohmann::ordered_json;

namespace {

// Throws unless `actions` has one action of each edge.
void check_actions(const Actions& actions, const ActionValues& shape) {
  bool fits = actions.size() == shape.size();
  for (size_t edge = 0; fits && edge < shape.size(); ++edge)
    fits = actions[edge] >= 0 && actions[edge] < static_cast<int64_t>(shape[edge].size());
  if (!fits) nas::refuse_state("its actions are not those of this space's edges");
}

ActionValues taken_values(const State& state, const std::string& name, const ActionValues& shape) {
  const auto count = static_cast<int64_t>(flattened(shape).size());
  return unflattened(nas::as_values(nas::saved_tensor(state, name, {count})), shape);
}

}  // namespace

std::string ManasSearcher::report() const {
  Json report{{"rounds", rounds_}, {"edges", Json::array()}};
  for (size_t i = 0; i < edges_.size(); ++i) {
    const Choice& choice = space_->choices()[edges_[i].choice];
    Json operations = Json::array();
    for (const int64_t candidate : edges_[i].candidates)
      operations.push_back(choice.candidates[static_cast<size_t>(candidate)].operation);
    report["edges"].push_back({{"choice", choice.name},
                               {"input", edges_[i].input},
                               {"operations", std::move(operations)},
                               {"policy", policy_[i]},
                               {"estimates", estimates_[i]}});
  }
  return report.dump();
}

State ManasSearcher::state() const {
  State state;
  state.tensors["policy"] = nas::as_tensor(flattened(policy_));
  state.tensors["estimates"] = nas::as_tensor(flattened(estimates_));
  if (!losses_.empty()) state.tensors["losses"] = at::stack(losses_);
  state.json = Json{
      {"space", Json::parse(nas::choices_json(space_->choices()))},
      {"update", update_ == Update::kImportance ? "importance" : "least_squares"},
      {"rounds", rounds_},
      {"actions", actions_},
      {"pending", is_pending_},
      {"sampled", sampled_},
      {"finished",
       finished_}}.dump();
  return state;
}

// A stage that starts from an earlier one takes what the agents learned, but not the rounds that wait for a fit: their
// losses belong to the weights of that stage.
void ManasSearcher::restore(const State& state, RestoreReason reason) {
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    if (json.at("update") != (update_ == Update::kImportance ? "importance" : "least_squares"))
      nas::refuse_state("it learned by the update " + json.at("update").dump() + "; set 'update' to that");
    const ActionValues policy = taken_values(state, "policy", policy_);
    const ActionValues estimates = taken_values(state, "estimates", policy_);
    const auto actions = json.at("actions").get<Actions>();
    const auto is_pending = json.at("pending").get<bool>(), is_finished = json.at("finished").get<bool>();
    const auto rounds = json.at("rounds").get<int64_t>();
    const auto sampled = json.at("sampled").get<std::vector<Actions>>();
    if (is_pending || !actions.empty()) check_actions(actions, policy_);
    for (const Actions& sample : sampled) check_actions(sample, policy_);
    std::vector<at::Tensor> losses;
    if (!sampled.empty())
      losses = nas::saved_tensor(state, "losses", {static_cast<int64_t>(sampled.size())}).clone().unbind();
    policy_ = policy;
    estimates_ = estimates;
    rounds_ = rounds;
    finished_ = is_finished;
    const bool resumes = reason == RestoreReason::kResume;
    actions_ = resumes ? actions : Actions();
    is_pending_ = resumes && is_pending;
    sampled_ = resumes ? sampled : std::vector<Actions>();
    losses_ = resumes ? losses : std::vector<at::Tensor>();
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
}

}  // namespace dha::manas
