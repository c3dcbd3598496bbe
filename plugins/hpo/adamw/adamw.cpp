#include "adamw.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "shared/schedule_parameters.hpp"

namespace dha::adamw {

using Json = nlohmann::json;

namespace {

// A copy of `values` in layout, type and place of `weight`, so that lists of both take LibTorch's fast paths.
at::Tensor copy_like(const at::Tensor& weight, const at::Tensor& values) {
  return at::empty_like(weight, weight.options().requires_grad(false)).copy_(values);
}

std::vector<at::Tensor> clones(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

// The tensor that `state` has of a weight; undefined where there is none of its shape.
at::Tensor find(const State& state, const std::string& name, const at::Tensor& weight) {
  const auto found = state.tensors.find(name);
  return found != state.tensors.end() && found->second.sizes() == weight.sizes() ? found->second : at::Tensor();
}

}  // namespace

Schema AdamW::schema() {
  Schema schema("Adam with decoupled weight decay and a learning-rate schedule.");
  schema.real("learning_rate", "learning rate after the warm-up")
      .range(0, 100)
      .log_scale()
      .tunable(1e-5, 1e-1)
      .def(1e-3)
      .reals("betas", "decay rates of the averages of gradients and of their squares", 2, 2)
      .range(0, 0.999999)
      .def(std::vector<double>{0.9, 0.999})
      .real("epsilon", "added to the denominator")
      .range(0, 1)
      .def(1e-8)
      .real("weight_decay", "share of every weight that is taken off per step, as a multiple of the learning rate")
      .range(0, 100)
      .log_scale()
      .tunable(1e-4, 1)
      .def(0.01)
      .boolean("decay_vectors", "whether the decay covers weights with one dimension: those of batch norm, and biases")
      .def(true);
  hpo::declare_schedule(schema);
  return schema;
}

AdamW::AdamW(const Params& params, Context& context)
    : schedule_(hpo::read_schedule(params)),
      beta1_(params.reals("betas")[0]),
      beta2_(params.reals("betas")[1]),
      epsilon_(params.real("epsilon")),
      decay_(params.real("weight_decay")),
      decays_vectors_(params.boolean("decay_vectors")),
      context_(context),
      learning_rate_(at::scalar_tensor(schedule_.at(Progress{}), at::kDouble)),
      weight_decay_(at::scalar_tensor(decay_, at::kDouble)) {}

void AdamW::attach(const std::vector<NamedTensor>& parameters, const Stage&) {
  names_.clear();
  weights_.clear();
  for (const NamedTensor& parameter : parameters) {
    names_.push_back(parameter.name);
    weights_.push_back(parameter.tensor);
  }
  averages_.assign(parameters.size(), at::Tensor());
  square_averages_ = averages_;
  steps_.assign(parameters.size(), 0);
}

// Averages that do not exist yet are zero; those that were restored before the weights were laid out as the network
// wants them are laid out anew.
AdamW::Lists AdamW::participants(const WeightStep& step) const {
  if (step.parameters.size() != names_.size() || step.gradients.size() != names_.size())
    throw Error(ErrorCode::kContractViolation, "a weight step has " + std::to_string(step.parameters.size()) +
                                                   " parameters and " + std::to_string(step.gradients.size()) +
                                                   " gradients, expected the " + std::to_string(names_.size()) +
                                                   " weights that were attached");
  const auto laid_out = [](const at::Tensor& weight, const at::Tensor& average) {
    if (!average.defined()) return at::zeros_like(weight, weight.options().requires_grad(false));
    return average.strides() == weight.strides() ? average : copy_like(weight, average);
  };
  Lists lists;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!step.gradients[i].defined()) continue;
    lists.indices.push_back(i);
    lists.weights.push_back(step.parameters[i]);
    lists.gradients.push_back(step.gradients[i]);
    lists.averages.push_back(laid_out(step.parameters[i], averages_[i]));
    lists.square_averages.push_back(laid_out(step.parameters[i], square_averages_[i]));
  }
  return lists;
}

// `steps`: t of each participant, this step included.
void AdamW::update(Lists& lists, const std::vector<int64_t>& steps, double learning_rate) const {
  std::vector<at::Tensor> decaying;
  for (const at::Tensor& weight : lists.weights)
    if (decays_vectors_ || weight.dim() > 1) decaying.push_back(weight);
  if (!decaying.empty()) at::_foreach_mul_(decaying, 1 - learning_rate * decay_);

  at::_foreach_lerp_(lists.averages, lists.gradients, 1 - beta1_);
  at::_foreach_mul_(lists.square_averages, beta2_);
  at::_foreach_addcmul_(lists.square_averages, lists.gradients, lists.gradients, 1 - beta2_);

  std::vector<at::Scalar> corrections, rates;
  for (const int64_t t : steps) {
    corrections.emplace_back(std::sqrt(1 - std::pow(beta2_, static_cast<double>(t))));
    rates.emplace_back(-learning_rate / (1 - std::pow(beta1_, static_cast<double>(t))));
  }
  std::vector<at::Tensor> denominators = at::_foreach_sqrt(lists.square_averages);
  at::_foreach_div_(denominators, corrections);
  at::_foreach_add_(denominators, epsilon_);
  at::_foreach_addcdiv_(lists.weights, lists.averages, denominators, rates);
}

void AdamW::step(const WeightStep& step) {
  const at::NoGradGuard no_grad;
  const double rate = schedule_.at(step.progress);
  learning_rate_ = at::scalar_tensor(rate, at::kDouble);
  Lists lists = participants(step);
  if (lists.indices.empty()) return;
  std::vector<int64_t> steps;
  for (size_t k = 0; k < lists.indices.size(); ++k) {
    const size_t i = lists.indices[k];
    averages_[i] = lists.averages[k];
    square_averages_[i] = lists.square_averages[k];
    steps.push_back(++steps_[i]);
  }
  update(lists, steps, rate);
}

// Runs the rule on copies.
std::vector<at::Tensor> AdamW::preview(const WeightStep& step) const {
  const at::NoGradGuard no_grad;
  Lists lists = participants(step);
  std::vector<at::Tensor> moves(step.parameters.size());
  if (lists.indices.empty()) return moves;
  lists.weights = clones(lists.weights);
  lists.averages = clones(lists.averages);
  lists.square_averages = clones(lists.square_averages);
  std::vector<int64_t> steps;
  for (const size_t i : lists.indices) steps.push_back(steps_[i] + 1);
  update(lists, steps, schedule_.at(step.progress));
  for (size_t k = 0; k < lists.indices.size(); ++k)
    moves[lists.indices[k]] = lists.weights[k].sub_(step.parameters[lists.indices[k]]);
  return moves;
}

std::vector<NamedTensor> AdamW::values() const {
  return {{"learning_rate", learning_rate_}, {"weight_decay", weight_decay_}};
}

State AdamW::state() const {
  State state;
  Json steps = Json::object();
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!averages_[i].defined()) continue;
    state.tensors["average/" + names_[i]] = averages_[i];
    state.tensors["square_average/" + names_[i]] = square_averages_[i];
    steps[names_[i]] = steps_[i];
  }
  state.tensors["learning_rate"] = learning_rate_;
  state.json = Json{{"steps", steps}}.dump();
  return state;
}

void AdamW::restore(const State& state, RestoreReason reason) {
  take_averages(state);
  const auto rate = state.tensors.find("learning_rate");
  if (reason == RestoreReason::kResume && rate != state.tensors.end())
    learning_rate_ = rate->second.to(at::kCPU, at::kDouble).clone();
}

void AdamW::carry(const State& earlier, const HyperCarry& what) {
  if (what.momentum) take_averages(earlier);
}

void AdamW::take_averages(const State& state) {
  const at::NoGradGuard no_grad;
  const Json json = Json::parse(state.json, nullptr, /*allow_exceptions=*/false);
  const Json steps = json.is_object() ? json.value("steps", Json::object()) : Json::object();
  size_t taken = 0;
  for (size_t i = 0; i < names_.size(); ++i) {
    const at::Tensor average = find(state, "average/" + names_[i], weights_[i]);
    const at::Tensor square_average = find(state, "square_average/" + names_[i], weights_[i]);
    const Json count = steps.is_object() ? steps.value(names_[i], Json()) : Json();
    const bool is_complete = average.defined() && square_average.defined() && count.is_number_integer();
    averages_[i] = is_complete ? copy_like(weights_[i], average) : at::Tensor();
    square_averages_[i] = is_complete ? copy_like(weights_[i], square_average) : at::Tensor();
    steps_[i] = is_complete ? count.get<int64_t>() : 0;
    taken += is_complete ? 1 : 0;
  }
  context_.log(LogLevel::kDebug,
               "took the averages of " + std::to_string(taken) + " of " + std::to_string(names_.size()) + " weights");
}

}  // namespace dha::adamw
