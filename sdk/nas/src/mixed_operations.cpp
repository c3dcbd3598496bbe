#include "dha/nas/mixed_operations.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/where.h>
#include <ATen/ops/xlogy.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "dha/error.hpp"
#include "dha/nas/state.hpp"

namespace dha::nas {

namespace {

std::set<int64_t> inputs_of(const Choice& choice) {
  std::set<int64_t> inputs;
  for (const Candidate& candidate : choice.candidates) inputs.insert(candidate.input);
  return inputs;
}

std::vector<std::vector<int64_t>> all_candidates(const std::vector<Choice>& choices) {
  std::vector<std::vector<int64_t>> all;
  for (const Choice& choice : choices) {
    all.emplace_back();
    for (size_t k = 0; k < choice.candidates.size(); ++k) all.back().push_back(static_cast<int64_t>(k));
  }
  return all;
}

void check_open(const Choice& choice, const std::vector<int64_t>& open) {
  const auto count = static_cast<int64_t>(choice.candidates.size());
  const bool ascends = std::adjacent_find(open.begin(), open.end(), std::greater_equal<>()) == open.end();
  if (open.empty() || !ascends || open.front() < 0 || open.back() >= count)
    throw Error(ErrorCode::kInvalidParameter, "the open candidates of choice '" + choice.name +
                                                  "' must be ascending positions below " + std::to_string(count));
  std::set<int64_t> closed = inputs_of(choice);
  for (const int64_t position : open) closed.erase(choice.candidates[static_cast<size_t>(position)].input);
  if (!closed.empty())
    throw Error(ErrorCode::kInvalidParameter, "choice '" + choice.name + "' has no open candidate from input " +
                                                  std::to_string(*closed.begin()) + "; keep at least one per input");
}

}  // namespace

MixedOperations::MixedOperations(const std::vector<Choice>& choices, const AdamOptions& options, at::Device device)
    : choices_(choices), groups_(choices, Grouping::kEdge, device), adam_(options), device_(device) {
  if (choices_.empty())
    throw Error(ErrorCode::kInvalidConfig,
                "the space has no choices, so there is nothing to search; use dha.architecture");
  variables_ = at::zeros({groups_.size()}, at::TensorOptions(device).dtype(at::kDouble));
  adam_.reset(variables_);
  for (const Choice& choice : choices_) edges_ += static_cast<int64_t>(inputs_of(choice).size());
  keep_only(all_candidates(choices_));
}

void MixedOperations::draw(double deviation, at::Generator generator) {
  const at::NoGradGuard no_grad;
  variables_.copy_(at::randn({groups_.size()}, std::move(generator), at::TensorOptions(at::kDouble)).mul_(deviation));
  adam_.reset(variables_);
}

void MixedOperations::keep_only(const std::vector<std::vector<int64_t>>& open) {
  if (open.size() != choices_.size())
    throw Error(ErrorCode::kInvalidParameter, "there are open candidates for " + std::to_string(open.size()) +
                                                  " choices, expected " + std::to_string(choices_.size()));
  std::vector<int64_t> positions;
  int64_t offset = 0;
  for (size_t i = 0; i < choices_.size(); ++i) {
    check_open(choices_[i], open[i]);
    for (const int64_t position : open[i]) positions.push_back(offset + position);
    offset += static_cast<int64_t>(choices_[i].candidates.size());
  }
  open_ = open;
  at::Tensor indices = at::empty({static_cast<int64_t>(positions.size())}, at::kLong);
  std::copy(positions.begin(), positions.end(), indices.mutable_data_ptr<int64_t>());
  is_open_ = at::zeros({groups_.size()}, at::kBool).index_fill_(0, indices, true).to(device_);
  positions_ = indices.to(device_);
}

at::Tensor MixedOperations::scores(const at::Tensor& variables) const {
  return at::where(is_open_, variables, -std::numeric_limits<double>::infinity());
}

at::Tensor MixedOperations::probabilities() const {
  const at::NoGradGuard no_grad;
  return groups_.softmax(scores(variables_));
}

Gates MixedOperations::gates() const {
  const at::Tensor weights = probabilities().index_select(0, positions_);
  Gates gates;
  gates.needs_gradient = false;
  int64_t offset = 0;
  for (const std::vector<int64_t>& open : open_) {
    const auto count = static_cast<int64_t>(open.size());
    gates.choices.push_back({open, weights.narrow(0, offset, count), {}, false});
    offset += count;
  }
  return gates;
}

at::Tensor MixedOperations::gradient(const std::vector<at::Tensor>& gate_gradients) const {
  if (gate_gradients.size() != choices_.size())
    throw Error(ErrorCode::kContractViolation, "there are gate gradients of " + std::to_string(gate_gradients.size()) +
                                                   " choices, expected " + std::to_string(choices_.size()));
  for (size_t i = 0; i < choices_.size(); ++i) {
    const at::Tensor& one = gate_gradients[i];
    if (!one.defined() || one.dim() != 1 || one.size(0) != static_cast<int64_t>(open_[i].size()))
      throw Error(ErrorCode::kContractViolation, "choice '" + choices_[i].name + "' got no gate gradient of " +
                                                     std::to_string(open_[i].size()) + " values");
  }
  const at::Tensor of_open = at::cat(gate_gradients).detach().to(variables_.options());
  const at::Tensor of_gates = at::zeros({groups_.size()}, variables_.options()).index_copy_(0, positions_, of_open);
  const at::AutoGradMode with_gradient(true);
  const at::Tensor leaf = variables_.detach().requires_grad_(true);
  groups_.softmax(scores(leaf)).backward(of_gates);
  return leaf.grad();
}

void MixedOperations::step(const at::Tensor& gradient) { adam_.step(variables_, gradient, is_open_); }

Strengths MixedOperations::strengths() const {
  return groups_.on_host(at::where(is_open_, probabilities(), -std::numeric_limits<double>::infinity()));
}

at::Tensor MixedOperations::entropy() const {
  const at::Tensor p = probabilities();
  return at::xlogy(p, p).sum().div(-static_cast<double>(edges_));
}

void MixedOperations::save(State& state) const {
  state.tensors["alpha"] = variables_;
  adam_.save("adam", state);
}

void MixedOperations::restore(const State& state) {
  const at::NoGradGuard no_grad;
  const at::Tensor alpha = saved_tensor(state, "alpha", variables_.sizes());
  adam_.restore("adam", state);
  variables_.copy_(alpha);
}

}  // namespace dha::nas
