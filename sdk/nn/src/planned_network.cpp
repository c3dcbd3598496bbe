#include "dha/nn/planned_network.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/alias.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <utility>

#include "dha/error.hpp"
#include "dha/nn/observe.hpp"

namespace dha::nn {

namespace {

using Kind = Layer::Kind;

bool are_below(size_t bound, const std::vector<int64_t>& positions) {
  return std::all_of(positions.begin(), positions.end(),
                     [bound](int64_t position) { return position >= 0 && static_cast<size_t>(position) < bound; });
}

// Whether reading the gates stays within `candidates` and their weights. The host checks gates for all else.
bool can_be_read(const ChoiceGates& gates, size_t candidates) {
  const auto active = static_cast<int64_t>(gates.active.size());
  return are_below(candidates, gates.active) && are_below(candidates, gates.observed) &&
         (active == 0 || (gates.weights.defined() && gates.weights.dim() == 1 && gates.weights.size(0) == active));
}

// Whether the output of a block may be changed in place.
bool may_change_output(const Block& block) {
  if (block.is_identity()) return false;
  const Kind last = block.plan().layers.back().kind;
  return last != Kind::kRelu && last != Kind::kRelu6;
}

}  // namespace

// What one forward pass holds.
struct PlannedNetwork::Pass {
  const Gates& gates;
  DropPath drop_path;
  std::vector<at::Tensor> sums;                   // per features: what was added so far
  std::vector<char> may_change;                   // per features: whether the sum may be changed in place
  std::vector<std::optional<Features>> features;  // whose sums are complete
};

PlannedNetwork::PlannedNetwork(NetworkPlan plan, Kind kind, const at::TensorOptions& options, Context& context)
    : plan_(std::move(plan)),
      kind_(kind),
      context_(context),
      options_(at::TensorOptions().dtype(options.dtype()).device(options.device())),
      into_(static_cast<size_t>(plan_.features())),
      last_use_(static_cast<size_t>(plan_.features()), 0),
      affine_trained_(static_cast<size_t>(count_choices(plan_)), 0) {
  std::vector<size_t> first_read(into_.size(), plan_.steps.size());
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const StepPlan& step = plan_.steps[i];
    into_[static_cast<size_t>(step.to)].push_back(i);
    size_t& first = first_read[static_cast<size_t>(step.from)];
    first = std::min(first, i);
    auto& operations = operations_.emplace_back();
    const bool is_candidate = step.choice != kNoChoice;
    for (const OperationPlan& operation : step.operations) {
      Operation one{
          std::make_shared<Block>(operation.block, options_, context.shared_generator()), {}, operation.is_zero};
      if (is_candidate && is_supernet() && plan_.waits_for_decisions) one.block->train_affine(false);
      if (is_candidate && !is_supernet() && !one.is_zero) one.factor = at::ones({}, options_);
      operations.push_back(std::move(one));
    }
  }
  // Features are also needed where those that they lead to are completed, for zeros and observed candidates.
  for (const StepPlan& step : plan_.steps) {
    size_t& last = last_use_[static_cast<size_t>(step.from)];
    last = std::max(last, first_read[static_cast<size_t>(step.to)]);
  }
}

PlannedNetwork::~PlannedNetwork() = default;

NetworkOutput PlannedNetwork::forward(const at::Tensor& images, const Gates& gates) {
  check(images);
  if (!channels_last_ && images.is_contiguous(at::MemoryFormat::ChannelsLast) && !images.is_contiguous())
    use_channels_last();
  if (is_supernet()) take_gates(gates);
  const auto count = into_.size();
  Pass pass{gates,
            {},
            std::vector<at::Tensor>(count),
            std::vector<char>(count, 0),
            std::vector<std::optional<Features>>(count)};
  if (mode_.drop_path > 0)
    pass.drop_path = DropPath(mode_.drop_path, droppable_operations(gates), images, context_.generator());
  pass.features[0].emplace(images);
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    run(i, pass);
    for (size_t f = 0; f < count; ++f)
      if (last_use_[f] == i) pass.features[f].reset();
  }
  NetworkOutput output;
  output.logits = std::move(pass.sums.back());
  if (is_supernet()) output.logits = touch_unused_gates(output.logits, gates);
  gates_.clear();
  return output;
}

void PlannedNetwork::run(size_t index, Pass& pass) const {
  const StepPlan& step = plan_.steps[index];
  const auto& operations = operations_[index];
  features(step.from, pass);
  if (step.choice == kNoChoice || !is_supernet()) {
    for (const Operation& operation : operations) add(step, operation, operation.factor, pass);
    return;
  }
  const auto choice = static_cast<size_t>(step.choice);
  const std::vector<int64_t>& active = pass.gates.choices[choice].active;
  for (size_t i = 0; i < active.size(); ++i)
    add(step, operations[static_cast<size_t>(active[i])], gates_[choice][i], pass);
}

void PlannedNetwork::add(const StepPlan& step, const Operation& operation, const at::Tensor& gate, Pass& pass) const {
  if (operation.is_zero) return;
  const Block& block = *operation.block;
  const bool folds_gate = gate.defined() && block.ends_in_batch_norm();
  const bool multiplies = gate.defined() && !folds_gate;
  at::Tensor x = block.run(features(step.from, pass), run_mode(mode_), folds_gate ? gate : at::Tensor());
  if (multiplies) x = x * gate;
  if (step.drops_path && !block.is_identity()) pass.drop_path.apply(x);
  at::Tensor& sum = pass.sums[static_cast<size_t>(step.to)];
  char& may_change = pass.may_change[static_cast<size_t>(step.to)];
  if (!sum.defined()) {
    sum = x;
    may_change = static_cast<char>(multiplies || may_change_output(block));
  } else if (may_change != 0) {
    sum.add_(x);
  } else {
    sum = sum + x;
    may_change = 1;
  }
}

Features& PlannedNetwork::features(int64_t index, Pass& pass) const {
  std::optional<Features>& found = pass.features[static_cast<size_t>(index)];
  if (found) return *found;
  at::Tensor sum = std::move(pass.sums[static_cast<size_t>(index)]);
  if (!sum.defined()) sum = zeros(index, pass);
  if (observes(index, pass.gates) && sum.requires_grad()) {
    // A sum that is the input itself, past a candidate that contributes nothing, has gradients of its own only so.
    if (pass.may_change[static_cast<size_t>(index)] == 0) sum = at::alias(sum);
    observe(index, sum, pass);
  }
  return found.emplace(sum);
}

// In the graph of the gates of the steps into it, so that observed candidates get their gradients.
at::Tensor PlannedNetwork::zeros(int64_t index, const Pass& pass) const {
  const auto& steps = into_[static_cast<size_t>(index)];
  at::Tensor output = at::zeros_like(pass.features[static_cast<size_t>(plan_.steps[steps.front()].from)]->value());
  if (!is_supernet()) return output;
  for (const size_t step : steps) {
    if (plan_.steps[step].choice == kNoChoice) continue;
    const auto choice = static_cast<size_t>(plan_.steps[step].choice);
    const ChoiceGates& gates = pass.gates.choices[choice];
    if (!gates.active.empty()) output = output * gates.weights.sum().to(output.scalar_type());
  }
  return output;
}

bool PlannedNetwork::observes(int64_t index, const Gates& gates) const {
  const auto& steps = into_[static_cast<size_t>(index)];
  return is_supernet() && std::any_of(steps.begin(), steps.end(), [&](size_t step) {
           const int64_t choice = plan_.steps[step].choice;
           return choice != kNoChoice && !gates.choices[static_cast<size_t>(choice)].observed.empty();
         });
}

// Without updates of running statistics, because the candidates do not take part in the forward pass.
void PlannedNetwork::observe(int64_t index, const at::Tensor& output, Pass& pass) const {
  const RunMode mode{mode_.batch_statistics, false};
  for (const size_t step : into_[static_cast<size_t>(index)]) {
    if (plan_.steps[step].choice == kNoChoice) continue;
    const auto choice = static_cast<size_t>(plan_.steps[step].choice);
    const std::vector<int64_t>& observed = pass.gates.choices[choice].observed;
    std::vector<ObservedCandidate> candidates;
    for (size_t i = 0; i < observed.size(); ++i) {
      const Operation& operation = operations_[step][static_cast<size_t>(observed[i])];
      if (operation.is_zero) continue;
      candidates.push_back({static_cast<int64_t>(i), 0,
                            [block = operation.block, mode](Features& input) { return block->run(input, mode); }});
    }
    if (!candidates.empty())
      nn::observe(output, {features(plan_.steps[step].from, pass)}, std::move(candidates), observed_[choice]);
  }
}

bool PlannedNetwork::contributes(size_t step, const Gates& gates) const {
  const auto& operations = operations_[step];
  const int64_t choice = plan_.steps[step].choice;
  if (choice == kNoChoice) return true;
  const std::vector<int64_t>& active = gates.choices[static_cast<size_t>(choice)].active;
  return std::any_of(active.begin(), active.end(),
                     [&](int64_t candidate) { return !operations[static_cast<size_t>(candidate)].is_zero; });
}

// Per choice: whether the gradient of the logits reaches its gates.
std::vector<char> PlannedNetwork::reached_gates(const Gates& gates) const {
  std::vector<char> reached(gates.choices.size(), 0), features(into_.size(), 0);
  features.back() = 1;
  for (size_t f = into_.size() - 1; f > 0; --f) {
    const auto& steps = into_[f];
    const bool is_zero =
        std::none_of(steps.begin(), steps.end(), [&](size_t step) { return contributes(step, gates); });
    for (const size_t step : steps) {
      if (features[f] == 0 || !(is_zero || contributes(step, gates))) continue;
      if (!is_zero) features[static_cast<size_t>(plan_.steps[step].from)] = 1;
      if (plan_.steps[step].choice != kNoChoice) reached[static_cast<size_t>(plan_.steps[step].choice)] = 1;
    }
  }
  return reached;
}

// Gates that the gradient does not reach, as where all active candidates contribute nothing, get zeros rather than
// none.
at::Tensor PlannedNetwork::touch_unused_gates(const at::Tensor& logits, const Gates& gates) const {
  const std::vector<char> reached = reached_gates(gates);
  at::Tensor touched = logits;
  for (size_t i = 0; i < gates.choices.size(); ++i) {
    const ChoiceGates& choice = gates.choices[i];
    if (reached[i] == 0 && !choice.active.empty() && choice.weights.requires_grad())
      touched = touched + choice.weights.sum().to(logits.scalar_type()).mul(0);
  }
  return touched;
}

void PlannedNetwork::check(const at::Tensor& images) const {
  if (images.dim() == 4 && images.size(1) == plan_.channels && images.size(2) == plan_.height &&
      images.size(3) == plan_.width)
    return;
  throw Error(ErrorCode::kContractViolation, plan_.name + " was given images " + c10::str(images.sizes()) +
                                                 ", expected [N, " + std::to_string(plan_.channels) + ", " +
                                                 std::to_string(plan_.height) + ", " + std::to_string(plan_.width) +
                                                 "]");
}

size_t PlannedNetwork::candidates_of(int64_t choice) const {
  const auto found = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                  [choice](const StepPlan& step) { return step.choice == choice; });
  return found->operations.size();
}

// Gates are split once, and not in every step that reads them: the backward pass then joins their gradients once too.
void PlannedNetwork::take_gates(const Gates& gates) {
  if (gates.choices.size() != affine_trained_.size())
    throw Error(ErrorCode::kContractViolation, plan_.name + " was given gates for " +
                                                   std::to_string(gates.choices.size()) + " choices, expected " +
                                                   std::to_string(affine_trained_.size()));
  gates_.assign(gates.choices.size(), {});
  observed_.assign(gates.choices.size(), at::Tensor());
  for (size_t i = 0; i < gates.choices.size(); ++i) {
    const ChoiceGates& choice = gates.choices[i];
    if (!can_be_read(choice, candidates_of(static_cast<int64_t>(i))))
      throw Error(ErrorCode::kContractViolation,
                  "the gates of choice " + std::to_string(i) +
                      " name a candidate that does not exist, or have no weight for each active one");
    if (!choice.active.empty()) gates_[i] = choice.weights.unbind(0);
    if (!choice.observed.empty()) observed_[i] = at::zeros({static_cast<int64_t>(choice.observed.size())}, options_);
    if (!plan_.waits_for_decisions || affine_trained_[i] == static_cast<char>(choice.frozen)) continue;
    affine_trained_[i] = static_cast<char>(choice.frozen);
    train_affine(static_cast<int64_t>(i), choice.frozen);
  }
}

void PlannedNetwork::train_affine(int64_t choice, bool trained) {
  for (size_t i = 0; i < plan_.steps.size(); ++i)
    if (plan_.steps[i].choice == choice)
      for (const Operation& operation : operations_[i]) operation.block->train_affine(trained);
}

int64_t PlannedNetwork::droppable_operations(const Gates& gates) const {
  size_t count = 0;
  for (const StepPlan& step : plan_.steps) {
    const bool is_gated = step.choice != kNoChoice && is_supernet();
    if (step.drops_path)
      count += is_gated ? gates.choices[static_cast<size_t>(step.choice)].active.size() : step.operations.size();
  }
  return static_cast<int64_t>(count);
}

std::vector<NamedTensor> PlannedNetwork::parameters() const {
  std::vector<NamedTensor> parameters, ignored;
  for (const auto& step : operations_)
    for (const Operation& operation : step) operation.block->list(parameters, ignored);
  return parameters;
}

std::vector<NamedTensor> PlannedNetwork::buffers() const {
  std::vector<NamedTensor> ignored, buffers;
  for (const auto& step : operations_)
    for (const Operation& operation : step) {
      operation.block->list(ignored, buffers);
      if (operation.factor.defined()) buffers.push_back({operation.block->plan().name + ".gate", operation.factor});
    }
  return buffers;
}

void PlannedNetwork::set_gate(size_t step, size_t operation, const at::Tensor& gate) {
  const at::NoGradGuard no_grad;
  Operation& target = operations_.at(step).at(operation);
  if (!target.is_zero) target.factor.copy_(gate);
}

void PlannedNetwork::use_channels_last() {
  channels_last_ = true;
  for (const auto& step : operations_)
    for (const Operation& operation : step) operation.block->use_channels_last();
}

}  // namespace dha::nn
