#include "hypergradient.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "dha/error.hpp"
#include "dha/replay.hpp"
#include "tensor_lists.hpp"

namespace dha::sgd {

namespace {

std::string shown(double value) { return nlohmann::json(value).dump(); }

// The range under `name` and the initial value under "initial_<name>", or the middle.
LearnedScalar read_scalar(const Params& params, const std::string& name, double rate) {
  const std::vector<double> range = params.reals(name);
  if (range[0] > range[1])
    throw Error(ErrorCode::kInvalidParameter, "'" + name + "' must be [minimum, maximum], found [" + shown(range[0]) +
                                                  ", " + shown(range[1]) + "]; exchange the two");
  LearnedScalar scalar{range[0], range[1], (range[0] + range[1]) / 2, params.boolean("learn_" + name) ? rate : 0};
  if (params.has("initial_" + name)) scalar.initial = params.real("initial_" + name);
  if (scalar.initial < scalar.minimum || scalar.initial > scalar.maximum)
    throw Error(ErrorCode::kInvalidParameter, "'initial_" + name + "' must be in '" + name + "' [" + shown(range[0]) +
                                                  ", " + shown(range[1]) + "], found " + shown(scalar.initial) +
                                                  "; widen the range or change the value");
  return scalar;
}

double weight_decay_rate(const Params& params) {
  const char* own = "probe_rate_weight_decay";
  return params.real(params.has(own) ? own : "probe_rate");
}

ProbePlan read_plan(const Params& params) {
  ProbePlan plan;
  const bool learns = params.boolean("learn_learning_rate") || params.boolean("learn_weight_decay");
  const std::string time = learns ? params.string("probe") : "none";
  const std::string data = params.string("probe_data");
  plan.time = time == "next" ? ProbeTime::kNext : time == "batch" ? ProbeTime::kBatch : ProbeTime::kNone;
  plan.data = data == "same_batch"   ? ProbeData::kSameBatch
              : data == "validation" ? ProbeData::kValidation
                                     : ProbeData::kTrainSubset;
  plan.subset_fraction = params.real("probe_subset");
  plan.with_auxiliary_loss = params.boolean("auxiliary_in_objective");
  return plan;
}

}  // namespace

Schema Hypergradient::schema() {
  return Schema("Stochastic gradient descent that learns its learning rate and weight decay by hypergradients.")
      .reals("learning_rate", "range of the learning rate, as [minimum, maximum]", 2, 2)
      .range(0, 100)
      .def(std::vector<double>{0.001, 0.05})
      .reals("weight_decay", "range of the L2 penalty on every weight, as [minimum, maximum]", 2, 2)
      .range(0, 1)
      .def(std::vector<double>{1e-4, 5e-4})
      .real("initial_learning_rate", "initial learning rate; default: the middle of its range")
      .range(0, 100)
      .log_scale()
      .tunable(0.001, 0.05)
      .optional()
      .real("initial_weight_decay", "initial weight decay; default: the middle of its range")
      .range(0, 1)
      .log_scale()
      .tunable(1e-4, 5e-4)
      .optional()
      .boolean("learn_learning_rate", "whether to learn the learning rate")
      .def(true)
      .boolean("learn_weight_decay", "whether to learn the weight decay")
      .def(true)
      .real("momentum", "share of the past updates in the next")
      .range(0, 1)
      .tunable(0.5, 0.99)
      .def(0.9)
      .boolean("nesterov", "use Nesterov momentum")
      .def(false)
      .choice("probe",
              "learn from a second pass after each update (batch), from the next step's own gradient without an extra "
              "pass (next), or not at all (none)",
              {"batch", "next", "none"})
      .def("batch")
      .choice("probe_data", "data of probe batch", {"train_subset", "same_batch", "validation"})
      .def("train_subset")
      .real("probe_subset", "share of the training images in train_subset, at least one batch")
      .range(1e-6, 1)
      .def(0.02)
      .boolean("auxiliary_in_objective", "add the auxiliary head's loss to the objective of probe batch")
      .def(false)
      .real("probe_rate", "hyper learning rate of both scalars")
      .range(0, 1e3)
      .log_scale()
      .tunable(1e-10, 1e-5)
      .def(1e-8)
      .real("probe_rate_weight_decay", "hyper learning rate of the weight decay; default: probe_rate")
      .range(0, 1e3)
      .log_scale()
      .tunable(1e-10, 1e-5)
      .optional()
      .real("probe_momentum", "Nesterov momentum of both scalars")
      .range(0, 1)
      .def(0.9)
      .real("probe_weight_decay", "L2 penalty on both scalars")
      .range(0, 1)
      .def(5e-4);
}

Hypergradient::Hypergradient(const Params& params, Context& context)
    : context_(context),
      plan_(read_plan(params)),
      learns_learning_rate_(params.boolean("learn_learning_rate")),
      learns_weight_decay_(params.boolean("learn_weight_decay")),
      update_(params.real("momentum"), params.boolean("nesterov")),
      scalars_(read_scalar(params, "learning_rate", params.real("probe_rate")),
               read_scalar(params, "weight_decay", weight_decay_rate(params)), params.real("probe_momentum"),
               params.real("probe_weight_decay"), context.device()) {}

void Hypergradient::attach(const std::vector<NamedTensor>& parameters, const Stage&) {
  update_.attach(parameters);
  forget_last_step();
}

std::vector<std::string> Hypergradient::needs() const {
  if (plan_.time != ProbeTime::kBatch || plan_.data != ProbeData::kValidation) return {};
  return {need::kValidationImages};
}

void Hypergradient::step(const WeightStep& step) {
  const at::NoGradGuard no_grad;
  const Participants participants = update_.participants(step);
  const std::vector<at::Tensor> directions = update_.advance(participants, scalars_.weight_decay());
  keep_rate();
  add_scaled_(participants.weights, directions, step_rate_.neg());
  if (plan_.time != ProbeTime::kNone) keep_directions(participants, directions);
}

// In place, so that a recorded learn() finds the rate of a recorded step() where it was.
void Hypergradient::keep_rate() {
  if (step_rate_.defined())
    step_rate_.copy_(scalars_.learning_rate());
  else
    step_rate_ = scalars_.learning_rate().clone();
}

void Hypergradient::keep_directions(const Participants& participants, const std::vector<at::Tensor>& directions) {
  std::fill(took_part_.begin(), took_part_.end(), false);
  for (size_t k = 0; k < directions.size(); ++k) {
    const size_t index = participants.indices[k];
    took_part_[index] = true;
    if (update_.directions_are_momentum()) continue;
    // They lie in the gradients, which the host fills anew before learn(). Once made, their memory stays: a recorded
    // learn() reads it.
    at::Tensor& kept = directions_[index];
    if (!kept.defined()) kept = at::empty_like(participants.weights[k]);
    kept.copy_(directions[k]);
  }
}

const at::Tensor& Hypergradient::direction(size_t index) const {
  return update_.directions_are_momentum() ? update_.buffer(index) : directions_[index];
}

void Hypergradient::learn(const WeightStep& step) {
  if (plan_.time == ProbeTime::kNone || !step_rate_.defined()) return;
  const at::NoGradGuard no_grad;
  const at::Tensor gradient = hypergradient(step);
  scalars_.descend(gradient);
  context_.metric("hypergradient_learning_rate", gradient.select(0, 0));
  context_.metric("hypergradient_weight_decay", gradient.select(0, 1));
  context_.metric("skipped_probes", scalars_.skipped());
}

at::Tensor Hypergradient::hypergradient(const WeightStep& step) const {
  const Participants both = update_.participants(step);
  std::vector<at::Tensor> weights, gradients, directions;
  for (size_t k = 0; k < both.indices.size(); ++k) {
    if (!took_part_[both.indices[k]]) continue;
    weights.push_back(both.weights[k]);
    gradients.push_back(both.gradients[k]);
    directions.push_back(direction(both.indices[k]));
  }
  if (weights.empty()) return at::zeros({2}, step_rate_.options());

  const at::Tensor along_update = inner_product(gradients, directions);
  at::Tensor by_weight_decay = at::zeros_like(along_update);
  if (learns_weight_decay_) {
    const at::Tensor along_weights_before = inner_product(gradients, weights) + step_rate_ * along_update;
    by_weight_decay = -update_.decay_sensitivity() * step_rate_ * along_weights_before;
  }
  return at::stack({learns_learning_rate_ ? -along_update : at::zeros_like(along_update), by_weight_decay});
}

std::vector<at::Tensor> Hypergradient::preview(const WeightStep& step) const {
  return update_.preview(step, scalars_.weight_decay(), scalars_.learning_rate());
}

void* Hypergradient::capability(std::string_view id) {
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

void Hypergradient::end_epoch(const EpochOutcome& outcome) {
  const int64_t skipped = scalars_.skipped().item<int64_t>();
  if (skipped > skipped_before_epoch_)
    context_.log(LogLevel::kWarning, std::to_string(skipped - skipped_before_epoch_) + " hypergradients of epoch " +
                                         std::to_string(outcome.progress.epoch + 1) +
                                         " were not finite and did not change learning rate and weight decay; lower "
                                         "the maximum of 'learning_rate' if this continues");
  skipped_before_epoch_ = skipped;
}

std::vector<NamedTensor> Hypergradient::values() const {
  return {{"learning_rate", scalars_.learning_rate().clone()}, {"weight_decay", scalars_.weight_decay().clone()}};
}

State Hypergradient::state() const {
  State state;
  scalars_.save(state);
  update_.save(state);
  nlohmann::json participants = nlohmann::json::array();
  for (size_t i = 0; i < took_part_.size(); ++i) {
    if (!took_part_[i]) continue;
    participants.push_back(update_.names()[i]);
    if (!update_.directions_are_momentum()) state.tensors["update/" + update_.names()[i]] = directions_[i];
  }
  state.json = nlohmann::json{{"participants", participants}}.dump();
  return state;
}

void Hypergradient::restore(const State& state, RestoreReason reason) {
  if (reason == RestoreReason::kCarry) return carry(state, {.values = true, .momentum = true});
  std::unordered_set<std::string> participants;
  try {
    const nlohmann::json json = nlohmann::json::parse(state.json);
    for (const nlohmann::json& name : json.value("participants", nlohmann::json::array())) participants.insert(name);
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kInvalidParameter,
                std::string("the state to restore is not one of dha.hypergradient: ") + e.what());
  }
  take_values(state);
  take_momentum(state);
  restore_last_step(state, participants);
}

void Hypergradient::carry(const State& earlier, const HyperCarry& what) {
  if (what.values) take_values(earlier);
  if (what.momentum) take_momentum(earlier);
  forget_last_step();
}

void Hypergradient::take_values(const State& state) {
  scalars_.restore(state);
  skipped_before_epoch_ = scalars_.skipped().item<int64_t>();
}

void Hypergradient::take_momentum(const State& state) {
  const at::NoGradGuard no_grad;
  const size_t taken = update_.restore(state);
  context_.log(LogLevel::kDebug, "took the momentum of " + std::to_string(taken) + " of " +
                                     std::to_string(update_.names().size()) + " weights");
}

void Hypergradient::forget_last_step() {
  step_rate_ = at::Tensor();
  took_part_.assign(update_.names().size(), false);
  directions_.assign(update_.names().size(), at::Tensor());
}

void Hypergradient::restore_last_step(const State& state, const std::unordered_set<std::string>& participants) {
  const at::NoGradGuard no_grad;
  forget_last_step();
  for (size_t i = 0; i < took_part_.size(); ++i) {
    if (participants.count(update_.names()[i]) == 0) continue;
    if (!update_.directions_are_momentum()) directions_[i] = update_.taken_from(state, "update/", i);
    took_part_[i] = direction(i).defined();
    // No probe lies between the update and the state, so the rate is still that of the step.
    if (took_part_[i]) keep_rate();
  }
}

}  // namespace dha::sgd
