// Report, state and restoration of dha.enas.
#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "dha/nas/state.hpp"
#include "enas_searcher.hpp"

namespace dha::enas {

using Json = nlohmann::ordered_json;

namespace {

// An empty list stands for no path.
Decisions taken_path(const Json& saved, const std::vector<Choice>& choices) {
  Decisions path = saved.get<Decisions>();
  if (path.empty()) return path;
  if (path.size() != choices.size()) nas::refuse_state("its path has another number of choices than the space");
  for (size_t i = 0; i < choices.size(); ++i) nas::check_saved_decision(choices[i], path[i]);
  return path;
}

}  // namespace

std::string EnasSearcher::report() const {
  Json report{{"updates", updates_},
              {"baseline", baseline_.value().item<double>()},
              {"entropy", entropy_},
              {"choices", Json::array()}};
  for (size_t i = 0; i < decisions().size(); ++i) {
    const Choice& choice = space_->choices()[i];
    Json kept = Json::array();
    for (const int64_t candidate : decisions()[i])
      kept.push_back({{"operation", choice.candidates[static_cast<size_t>(candidate)].operation},
                      {"input", choice.candidates[static_cast<size_t>(candidate)].input}});
    report["choices"].push_back({{"name", choice.name}, {"kept", std::move(kept)}});
  }
  return report.dump();
}

State EnasSearcher::state() const {
  State state;
  state.tensors["controller"] = controller_->variables().detach();
  adam_.save("adam", state);
  baseline_.save("baseline", state);
  state.json = Json{
      {"space", Json::parse(nas::choices_json(space_->choices()))},
      {"updates", updates_},
      {"path", path_},
      {"decided", decided_.value_or(Decisions())},
      {"finished",
       finished_}}.dump();
  return state;
}

// A stage that starts from an earlier one takes the controller, but neither the path nor the baseline: rewards belong
// to the weights of their stage.
void EnasSearcher::restore(const State& state, RestoreReason reason) {
  const at::NoGradGuard no_grad;
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    const at::Tensor variables = nas::saved_tensor(state, "controller", controller_->variables().sizes());
    const Decisions path = taken_path(json.at("path"), space_->choices());
    const Decisions decided = taken_path(json.at("decided"), space_->choices());
    const auto updates = json.at("updates").get<int64_t>();
    const auto is_finished = json.at("finished").get<bool>();
    if (is_finished && decided.empty()) nas::refuse_state("it is finished but has no architecture");
    adam_.restore("adam", state);
    if (reason == RestoreReason::kResume) baseline_.restore("baseline", state);
    controller_->variables().detach().copy_(variables);
    path_ = reason == RestoreReason::kResume ? path : Decisions();
    decided_ = decided.empty() ? std::nullopt : std::optional<Decisions>(decided);
    updates_ = updates;
    finished_ = is_finished;
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
  keep_greedy();
}

}  // namespace dha::enas
