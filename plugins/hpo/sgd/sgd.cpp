#include "sgd.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include <bit>
#include <string>

#include "shared/schedule_parameters.hpp"
#include "tensor_lists.hpp"

namespace dha::sgd {

Schema Sgd::schema() {
  Schema schema("Stochastic gradient descent with momentum, weight decay and a learning-rate schedule.");
  schema.real("learning_rate", "learning rate after the warm-up")
      .range(0, 100)
      .log_scale()
      .tunable(1e-4, 1)
      .def(0.025)
      .real("momentum", "share of the past updates in the next")
      .range(0, 1)
      .tunable(0.5, 0.99)
      .def(0.9)
      .boolean("nesterov", "use Nesterov momentum")
      .def(false)
      .real("weight_decay", "L2 penalty on every weight")
      .range(0, 1)
      .log_scale()
      .tunable(1e-6, 1e-2)
      .def(3e-4)
      .boolean("decay_vectors",
               "whether the penalty covers weights with one dimension: those of batch norm, and biases")
      .def(true);
  hpo::declare_schedule(schema);
  return schema;
}

Sgd::Sgd(const Params& params, Context& context)
    : schedule_(hpo::read_schedule(params)),
      update_(params.real("momentum"), params.boolean("nesterov"), params.boolean("decay_vectors")),
      context_(context),
      learning_rate_(at::scalar_tensor(schedule_.at(Progress{}), at::kDouble)),
      weight_decay_(at::scalar_tensor(params.real("weight_decay"), at::kDouble)) {}

void Sgd::attach(const std::vector<NamedTensor>& parameters, const Stage&) { update_.attach(parameters); }

void Sgd::step(const WeightStep& step) {
  const at::NoGradGuard no_grad;
  const Participants participants = update_.participants(step);
  epoch_rate_ = schedule_.at(step.progress);
  learning_rate_ = at::scalar_tensor(*epoch_rate_, at::kDouble);
  add_scaled_(participants.weights, update_.advance(participants, weight_decay_), learning_rate_.neg());
}

void Sgd::end_epoch(const EpochOutcome& outcome) {
  Progress next = outcome.progress;
  ++next.epoch;
  next.step = 0;
  epoch_rate_ = schedule_.at(next);
}

std::optional<int64_t> Sgd::revision() const {
  return epoch_rate_ ? std::optional(std::bit_cast<int64_t>(*epoch_rate_)) : std::nullopt;
}

std::vector<at::Tensor> Sgd::preview(const WeightStep& step) const {
  return update_.preview(step, weight_decay_, at::scalar_tensor(schedule_.at(step.progress), at::kDouble));
}

std::vector<NamedTensor> Sgd::values() const {
  return {{"learning_rate", learning_rate_}, {"weight_decay", weight_decay_}};
}

void* Sgd::capability(std::string_view id) { return id == Replay::kCapability ? static_cast<Replay*>(this) : nullptr; }

State Sgd::state() const {
  State state;
  update_.save(state);
  state.tensors["learning_rate"] = learning_rate_;  // of the last step
  return state;
}

void Sgd::restore(const State& state, RestoreReason reason) {
  take_momentum(state);
  const auto rate = state.tensors.find("learning_rate");
  if (reason == RestoreReason::kResume && rate != state.tensors.end())
    learning_rate_ = rate->second.to(at::kCPU, at::kDouble).clone();
}

void Sgd::carry(const State& earlier, const HyperCarry& what) {
  if (what.momentum) take_momentum(earlier);
}

void Sgd::take_momentum(const State& state) {
  const at::NoGradGuard no_grad;
  const size_t taken = update_.restore(state);
  context_.log(LogLevel::kDebug, "took the momentum of " + std::to_string(taken) + " of " +
                                     std::to_string(update_.names().size()) + " weights");
}

}  // namespace dha::sgd
