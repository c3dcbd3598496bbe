#include "dha/nas/state.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "dha/error.hpp"

namespace dha::nas {

using Json = nlohmann::ordered_json;

namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + ")";
}

Json candidates_json(const Choice& choice) {
  Json candidates = Json::array();
  for (const Candidate& candidate : choice.candidates) candidates.push_back({candidate.operation, candidate.input});
  return candidates;
}

}  // namespace

void refuse_state(const std::string& what) {
  throw Error(ErrorCode::kInvalidParameter, "the saved state cannot be taken: " + what);
}

at::Tensor saved_tensor(const State& state, const std::string& name, at::IntArrayRef shape) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end() || !found->second.defined()) refuse_state("tensor '" + name + "' is missing");
  if (found->second.sizes() != shape)
    refuse_state("tensor '" + name + "' has the shape " + shape_text(found->second.sizes()) + ", expected " +
                 shape_text(shape) + "; give the searcher and its space the parameters of the saved search");
  return found->second;
}

std::string choices_json(const std::vector<Choice>& choices) {
  Json list = Json::array();
  for (const Choice& choice : choices) list.push_back({{"name", choice.name}, {"candidates", candidates_json(choice)}});
  return list.dump();
}

void check_saved_choices(std::string_view saved, const std::vector<Choice>& choices) {
  const Json list = Json::parse(saved, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) refuse_state("its list of choices is malformed");
  if (list.size() != choices.size())
    refuse_state("it has " + std::to_string(list.size()) + " choices, expected the " + std::to_string(choices.size()) +
                 " of this space; use the space of the saved search");
  for (size_t i = 0; i < choices.size(); ++i) {
    const Json name = list[i].is_object() ? list[i].value("name", Json()) : Json();
    if (name != choices[i].name)
      refuse_state("choice " + std::to_string(i) + " is " + name.dump() + ", expected '" + choices[i].name +
                   "' of this space; use the space of the saved search");
    if (list[i].value("candidates", Json()) != candidates_json(choices[i]))
      refuse_state("choice '" + choices[i].name +
                   "' has other candidates than in this space; use the operations of the saved search");
  }
}

void check_saved_decision(const Choice& choice, const std::vector<int64_t>& kept) {
  const auto count = static_cast<int64_t>(choice.candidates.size());
  std::set<int64_t> inputs;
  bool is_valid = static_cast<int64_t>(kept.size()) == choice.keep;
  for (size_t i = 0; is_valid && i < kept.size(); ++i) {
    is_valid = kept[i] >= 0 && kept[i] < count && (i == 0 || kept[i - 1] < kept[i]);
    if (is_valid) inputs.insert(choice.candidates[static_cast<size_t>(kept[i])].input);
  }
  if (!is_valid || (choice.distinct_inputs && inputs.size() != kept.size()))
    refuse_state("the kept candidates of choice '" + choice.name + "' are not a decision: expected " +
                 std::to_string(choice.keep) + " different ones of its " + std::to_string(count) +
                 (choice.distinct_inputs ? ", of distinct inputs" : ""));
}

at::Tensor as_tensor(const std::vector<double>& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

std::vector<double> as_values(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* values = host.const_data_ptr<double>();
  return {values, values + host.numel()};
}

}  // namespace dha::nas
