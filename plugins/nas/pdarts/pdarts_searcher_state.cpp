// Saves the state of dha.pdarts, and takes it in the same stage or in a later one.
#include <nlohmann/json.hpp>

#include "dha/nas/state.hpp"
#include "pdarts_searcher.hpp"

namespace dha::pdarts {

using Json = nlohmann::ordered_json;

// "next": the candidates of the following stage, once a stage that drops has ended.
State PdartsSearcher::state() const {
  State state;
  mixed_->save(state);
  Json json{
      {"space", Json::parse(nas::choices_json(space_->choices()))}, {"open", mixed_->open()}, {"finished", finished_}};
  if (finished_ && drop_ > 0)
    json["next"] = drop_weakest(space_->choices(), mixed_->open(), mixed_->strengths(), drop_);
  state.json = json.dump();
  return state;
}

void PdartsSearcher::restore(const State& state, RestoreReason reason) {
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    take(json, state, reason);
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
}

// The next stage of a progressive search takes the surviving candidates and keeps its own fresh variables; any other
// one continues, or is finished.
void PdartsSearcher::take(const Json& json, const State& state, RestoreReason reason) {
  if (reason == RestoreReason::kCarry && json.contains("next")) {
    const auto open = json.at("next").get<OpenCandidates>();
    mixed_->keep_only(open);
    check_drop(space_->choices(), open, drop_);
    decisions(mixed_->strengths());  // throws if nothing can be derived from what is left
    return;
  }
  const auto open = json.at("open").get<OpenCandidates>();
  const bool finished = json.at("finished").get<bool>();
  mixed_->restore(state);
  mixed_->keep_only(open);
  finished_ = finished;
}

}  // namespace dha::pdarts
