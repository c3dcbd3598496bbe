// What dha.ista shows of itself, saves and takes back.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "code_gates.hpp"
#include "ista_searcher.hpp"

namespace dha::ista {

using Json = nlohmann::ordered_json;

namespace {

at::Tensor as_tensor(const std::vector<double>& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

std::vector<double> as_values(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kDouble).contiguous();
  const double* values = host.const_data_ptr<double>();
  return {values, values + host.numel()};
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidParameter, "the saved state cannot be taken: " + what);
}

const at::Tensor& saved_tensor(const State& state, const std::string& name, at::IntArrayRef shape) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end()) refuse("tensor '" + name + "' is missing");
  if (found->second.sizes() != shape) {
    std::string text;
    for (const int64_t size : found->second.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
    refuse("tensor '" + name + "' has the shape (" + text + "); 'code_size' and the space must be those of the search");
  }
  return found->second;
}

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
  const std::vector<double> weights = as_values(gate_weights(kept_columns_, code_, bias_));
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
  state.tensors["adam.average"] = adam_.average();
  state.tensors["adam.square_average"] = adam_.square_average();
  Json json{{"steps", adam_.steps()}, {"epochs", epochs_}, {"rejected_updates", rejected_}, {"choices", Json::array()}};
  for (size_t i = 0; i < choices_.size(); ++i) {
    const Choice& known = space_->choices()[i];
    const Decision& choice = choices_[i];
    state.tensors["columns." + known.name] = choice.columns;
    state.tensors["coefficients." + known.name] = as_tensor(choice.recovered.coefficients);
    Json candidates = Json::array();
    for (const Candidate& candidate : known.candidates) candidates.push_back({candidate.operation, candidate.input});
    json["choices"].push_back({{"name", known.name},
                               {"candidates", std::move(candidates)},
                               {"kept", choice.recovered.kept},
                               {"gap", choice.recovered.relative_gap},
                               {"distance", optional_number(choice.distance)},
                               {"frozen", choice.is_frozen}});
  }
  state.json = json.dump();
  return state;
}

void IstaSearcher::restore(const State& state) {
  const at::NoGradGuard no_grad;
  try {
    const Json json = Json::parse(state.json);
    const Json& saved_choices = json.at("choices");
    if (saved_choices.size() != choices_.size())
      refuse("it has " + std::to_string(saved_choices.size()) + " choices, this space " +
             std::to_string(choices_.size()));
    std::vector<Decision> taken;
    for (size_t i = 0; i < choices_.size(); ++i) taken.push_back(taken_choice(i, saved_choices[i], state));
    const at::Tensor& code = saved_tensor(state, "code", code_.sizes());
    const at::Tensor& average = saved_tensor(state, "adam.average", code_.sizes());
    const at::Tensor& square_average = saved_tensor(state, "adam.square_average", code_.sizes());
    adam_.restore(average, square_average, json.at("steps").get<int64_t>());
    code_.copy_(code);
    epochs_ = json.at("epochs").get<int64_t>();
    rejected_ = json.at("rejected_updates").get<int64_t>();
    choices_ = std::move(taken);
  } catch (const Json::exception& e) {
    refuse(std::string("its text is malformed: ") + e.what());
  }
  rebuild_gates();
}

// One choice of a saved state, checked against the space.
IstaSearcher::Decision IstaSearcher::taken_choice(size_t index, const Json& saved, const State& state) const {
  const Choice& known = space_->choices()[index];
  const auto count = static_cast<int64_t>(known.candidates.size());
  if (saved.at("name") != known.name)
    refuse("choice " + std::to_string(index) + " is '" + saved.at("name").get<std::string>() + "' there and '" +
           known.name + "' in this space");
  Json candidates = Json::array();
  for (const Candidate& candidate : known.candidates) candidates.push_back({candidate.operation, candidate.input});
  if (saved.at("candidates") != candidates) refuse("choice '" + known.name + "' has other candidates in this space");

  Decision choice;
  choice.columns = saved_tensor(state, "columns." + known.name, {count, rows_}).to(at::kCPU, at::kDouble).clone();
  choice.recovered.coefficients = as_values(saved_tensor(state, "coefficients." + known.name, {count}));
  choice.recovered.kept = saved.at("kept").get<std::vector<int64_t>>();
  choice.recovered.relative_gap = saved.at("gap").get<double>();
  if (!saved.at("distance").is_null()) choice.distance = saved.at("distance").get<double>();
  choice.is_frozen = saved.at("frozen").get<bool>();
  const auto& kept = choice.recovered.kept;
  if (static_cast<int64_t>(kept.size()) != keep_ || !std::is_sorted(kept.begin(), kept.end()) || kept.front() < 0 ||
      kept.back() >= count)
    refuse("the kept candidates of choice '" + known.name + "' are not " + std::to_string(keep_) + " of its " +
           std::to_string(count));
  return choice;
}

}  // namespace dha::ista
