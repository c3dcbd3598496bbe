// What dha.ista shows of itself, saves and takes back.
#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "code_gates.hpp"
#include "dha/nas/state.hpp"
#include "ista_searcher.hpp"

namespace dha::ista {

using Json = nlohmann::ordered_json;

namespace {

Json optional_number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

std::vector<std::string> IstaSearcher::candidate_names(size_t choice) const {
  std::vector<std::string> names;
  for (const int64_t candidate : choices_[choice].recovered.kept) {
    const Candidate& kept = space_->choices()[choice].candidates[static_cast<size_t>(candidate)];
    names.push_back(kept.operation + " from input " + std::to_string(kept.input));
  }
  return names;
}

std::string IstaSearcher::report() const {
  const std::vector<double> weights = nas::as_values(gate_weights(kept_columns_, code_, bias_));
  Json report{{"epochs", epochs_}, {"rejected_updates", rejected_}, {"choices", Json::array()}};
  for (size_t i = 0; i < choices_.size(); ++i) {
    const Decision& choice = choices_[i];
    const std::vector<Candidate>& candidates = space_->choices()[i].candidates;
    Json support = Json::array();
    for (size_t k = 0; k < choice.recovered.kept.size(); ++k) {
      const auto candidate = static_cast<size_t>(choice.recovered.kept[k]);
      support.push_back({{"operation", candidates[candidate].operation},
                         {"input", candidates[candidate].input},
                         {"coefficient", choice.recovered.coefficients[candidate]},
                         {"weight", weights[i * static_cast<size_t>(keep_) + k]}});
    }
    report["choices"].push_back({{"name", space_->choices()[i].name},
                                 {"frozen", choice.is_frozen},
                                 {"distance", optional_number(choice.distance)},
                                 {"support", std::move(support)}});
  }
  return report.dump();
}

State IstaSearcher::state() const {
  State state;
  state.tensors["code"] = code_;
  adam_.save("adam", state);
  Json json{{"epochs", epochs_},
            {"rejected_updates", rejected_},
            {"space", Json::parse(nas::choices_json(space_->choices()))},
            {"choices", Json::array()}};
  for (size_t i = 0; i < choices_.size(); ++i) {
    const std::string& name = space_->choices()[i].name;
    const Decision& choice = choices_[i];
    state.tensors["columns." + name] = choice.columns;
    state.tensors["coefficients." + name] = nas::as_tensor(choice.recovered.coefficients);
    if (choice.last_coefficients != choice.recovered.coefficients)
      state.tensors["last_coefficients." + name] = nas::as_tensor(choice.last_coefficients);
    json["choices"].push_back({{"kept", choice.recovered.kept},
                               {"gap", choice.recovered.relative_gap},
                               {"distance", optional_number(choice.distance)},
                               {"frozen", choice.is_frozen}});
  }
  state.json = json.dump();
  return state;
}

// A later stage continues the search where the earlier one ended, so both reasons are alike.
void IstaSearcher::restore(const State& state, RestoreReason) {
  const at::NoGradGuard no_grad;
  try {
    const Json json = Json::parse(state.json);
    nas::check_saved_choices(json.at("space").dump(), space_->choices());
    std::vector<Decision> taken;
    for (size_t i = 0; i < choices_.size(); ++i) taken.push_back(taken_choice(i, json.at("choices").at(i), state));
    const at::Tensor code = nas::saved_tensor(state, "code", code_.sizes());
    const auto epochs = json.at("epochs").get<int64_t>(), rejected = json.at("rejected_updates").get<int64_t>();
    adam_.restore("adam", state);
    code_.copy_(code);
    epochs_ = epochs;
    rejected_ = rejected;
    choices_ = std::move(taken);
  } catch (const Json::exception& e) {
    nas::refuse_state(std::string("its text is malformed: ") + e.what());
  }
  rebuild_gates();
}

// One choice of a saved state, checked against the space.
IstaSearcher::Decision IstaSearcher::taken_choice(size_t index, const Json& saved, const State& state) const {
  const Choice& known = space_->choices()[index];
  const auto count = static_cast<int64_t>(known.candidates.size());
  Decision choice;
  choice.columns = nas::saved_tensor(state, "columns." + known.name, {count, rows_}).to(at::kCPU, at::kDouble).clone();
  choice.recovered.coefficients = nas::as_values(nas::saved_tensor(state, "coefficients." + known.name, {count}));
  const std::string last = "last_coefficients." + known.name;  // only if others are held
  choice.last_coefficients = state.tensors.count(last) == 0 ? choice.recovered.coefficients
                                                            : nas::as_values(nas::saved_tensor(state, last, {count}));
  choice.recovered.kept = saved.at("kept").get<std::vector<int64_t>>();
  nas::check_saved_decision(known, choice.recovered.kept);
  choice.recovered.relative_gap = saved.at("gap").get<double>();
  if (!saved.at("distance").is_null()) choice.distance = saved.at("distance").get<double>();
  choice.is_frozen = saved.at("frozen").get<bool>();
  return choice;
}

}  // namespace dha::ista
