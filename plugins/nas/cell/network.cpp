#include "network.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <utility>

#include "dha/error.hpp"
#include "dha/nn/observe.hpp"
#include "dha/operators.hpp"

namespace dha::cell {

namespace {

[[noreturn]] void violation(const std::string& what) { throw Error(ErrorCode::kContractViolation, what); }

bool are_below(int64_t bound, const std::vector<int64_t>& positions) {
  return std::all_of(positions.begin(), positions.end(),
                     [bound](int64_t position) { return position >= 0 && position < bound; });
}

// Whether reading the gates stays within `candidates` and their weights. The host checks gates for all else.
bool can_be_read(const ChoiceGates& gates, int64_t candidates) {
  const auto active = static_cast<int64_t>(gates.active.size());
  return are_below(candidates, gates.active) && are_below(candidates, gates.observed) &&
         (active == 0 || (gates.weights.defined() && gates.weights.dim() == 1 && gates.weights.size(0) == active));
}

}  // namespace

CellNetwork::CellNetwork(NetworkPlan plan, Kind kind, const Settings& settings, const at::TensorOptions& options,
                         Context& context)
    : plan_(std::move(plan)),
      kind_(kind),
      shares_cells_(settings.share_cells),
      joins_loose_ends_(kind == Kind::kSupernet && settings.concat == Concat::kLooseEnds),
      decides_affine_(kind == Kind::kSupernet && settings.candidate_affine == CandidateAffine::kFrozenUntilDecided),
      auxiliary_weight_(settings.auxiliary_weight),
      context_(context),
      options_(at::TensorOptions().dtype(options.dtype()).device(options.device())) {
  const auto built = [&](const nn::BlockPlan& block) { return nn::Block(block, options_, context.shared_generator()); };
  stem0_ = built(plan_.stem0);
  if (plan_.stem1) stem1_ = built(*plan_.stem1);
  for (const CellPlan& cell : plan_.cells) cells_.push_back(build(cell, settings));
  if (plan_.auxiliary) auxiliary_ = built(*plan_.auxiliary);
  classifier_ = built(plan_.classifier);
  if (kind == Kind::kLean) return;
  skip_dropout_ = settings.skip_dropout;
  choices_ = settings.nodes * (shares_cells_ ? 2 : settings.cells);
  affine_trained_.assign(static_cast<size_t>(choices_), 0);
}

CellNetwork::BuiltCell CellNetwork::build(const CellPlan& plan, const Settings& settings) const {
  const auto built = [this](const nn::BlockPlan& block) {
    return nn::Block(block, options_, context_.shared_generator());
  };
  BuiltCell cell{built(plan.preprocess0), built(plan.preprocess1), {}};
  for (const auto& node : plan.nodes) {
    auto& operations = cell.nodes.emplace_back();
    for (const OperationPlan& operation : node) {
      BuiltOperation one{std::make_shared<nn::Block>(built(operation.block)),
                         {},
                         operation.operation == Operation::kNone,
                         operation.operation == Operation::kSkipConnect && !(plan.reduction && operation.input < 2)};
      if (decides_affine_) one.block->train_affine(false);
      if (!is_supernet() && !one.is_zero && has_gate(operation, settings.gate_weights))
        one.factor = at::ones({}, options_);
      operations.push_back(std::move(one));
    }
  }
  return cell;
}

int64_t CellNetwork::choice_of(int64_t cell, int64_t node) const {
  return dha::cell::choice_of(plan_, shares_cells_, cell, node);
}

std::vector<int64_t> CellNetwork::output_states(int64_t cell, const Gates& gates) const {
  const CellPlan& plan = plan_.cells[static_cast<size_t>(cell)];
  if (!joins_loose_ends_) return plan.concat;
  std::vector<int64_t> inputs;
  for (int64_t j = 0; j < static_cast<int64_t>(plan.nodes.size()); ++j)
    for (const int64_t k : gates.choices[static_cast<size_t>(choice_of(cell, j))].active) {
      const OperationPlan& operation = plan.nodes[static_cast<size_t>(j)][static_cast<size_t>(k)];
      if (operation.operation != Operation::kNone) inputs.push_back(operation.input);
    }
  return loose_ends(static_cast<int64_t>(plan.nodes.size()), inputs);
}

NetworkOutput CellNetwork::forward(const at::Tensor& images, const Gates& gates) {
  check(images);
  if (!channels_last_ && images.is_contiguous(at::MemoryFormat::ChannelsLast) && !images.is_contiguous())
    use_channels_last();
  if (is_supernet()) take_gates(gates);
  nn::DropPath drop_path;
  if (mode_.drop_path > 0)
    drop_path = nn::DropPath(mode_.drop_path, executed_operations(gates), images, context_.generator());

  nn::Features input(images);
  auto state0 = std::make_shared<nn::Features>(stem0_.run(input, run_mode()));
  auto state1 = stem1_ ? std::make_shared<nn::Features>(stem1_->run(*state0, run_mode())) : state0;
  NetworkOutput output;
  for (int64_t i = 0; i < static_cast<int64_t>(cells_.size()); ++i) {
    auto state2 = std::make_shared<nn::Features>(run_cell(i, *state0, *state1, gates, drop_path));
    state0 = std::move(state1);
    state1 = std::move(state2);
    if (auxiliary_ && mode_.auxiliary_head && i == plan_.auxiliary_cell)
      output.auxiliary_logits = auxiliary_->run(*state1, run_mode());
  }
  output.logits = classifier_.run(*state1, run_mode());
  if (is_supernet()) output.logits = touch_unused_gates(output.logits, gates);
  gates_.clear();
  return output;
}

at::Tensor CellNetwork::run_cell(int64_t index, nn::Features& input0, nn::Features& input1, const Gates& gates,
                                 nn::DropPath& drop_path) {
  const CellPlan& plan = plan_.cells[static_cast<size_t>(index)];
  const BuiltCell& cell = cells_[static_cast<size_t>(index)];
  std::vector<nn::Features> states;
  states.emplace_back(cell.preprocess0.run(input0, run_mode()));
  states.emplace_back(cell.preprocess1.run(input1, run_mode()));
  for (int64_t j = 0; j < static_cast<int64_t>(cell.nodes.size()); ++j)
    states.emplace_back(run_node(index, j, states, gates, drop_path));
  // Zeros take the place of nodes that a decided cell leaves out, whose layers would have no weights for them.
  const std::vector<int64_t> joined = output_states(index, gates);
  std::vector<at::Tensor> parts;
  for (const int64_t state : plan.concat) {
    const at::Tensor& value = states[static_cast<size_t>(state)].value();
    const bool is_joined = std::find(joined.begin(), joined.end(), state) != joined.end();
    parts.push_back(is_joined ? value : at::zeros_like(value));
  }
  return ops::join_channels(parts);
}

at::Tensor CellNetwork::run_node(int64_t cell, int64_t node, std::vector<nn::Features>& states, const Gates& gates,
                                 nn::DropPath& drop_path) {
  const CellPlan& plan = plan_.cells[static_cast<size_t>(cell)];
  const auto& planned = plan.nodes[static_cast<size_t>(node)];
  const auto& operations = cells_[static_cast<size_t>(cell)].nodes[static_cast<size_t>(node)];
  at::Tensor sum;
  const auto add = [&](size_t k, const at::Tensor& gate) {
    add_operation(sum, operations[k], states[static_cast<size_t>(planned[k].input)], gate, drop_path);
  };
  if (!is_supernet()) {
    for (size_t k = 0; k < operations.size(); ++k) add(k, operations[k].factor);
    return sum.defined() ? sum : zeros(plan, states[0], nullptr);
  }
  const auto choice = static_cast<size_t>(choice_of(cell, node));
  const ChoiceGates& own = gates.choices[choice];
  for (size_t i = 0; i < own.active.size(); ++i) add(static_cast<size_t>(own.active[i]), gates_[choice][i]);
  const at::Tensor output = sum.defined() ? sum : zeros(plan, states[0], &own);
  if (!own.observed.empty() && output.requires_grad()) observe(output, cell, node, states, own);
  return output;
}

// Scales and adds in place: the last layer of an operation does not read its output in the backward pass, and an
// identity always has a gate or a factor, whose product is a tensor of its own.
void CellNetwork::add_operation(at::Tensor& sum, const BuiltOperation& operation, nn::Features& input,
                                const at::Tensor& gate, nn::DropPath& drop_path) const {
  if (operation.is_zero) return;
  const nn::Block& block = *operation.block;
  const bool folds_gate = gate.defined() && block.ends_in_batch_norm();
  at::Tensor x = block.run(input, run_mode(), folds_gate ? gate : at::Tensor());
  if (operation.is_plain_skip && drops_skips()) x = drop_elements(x, skip_dropout_rate_, context_.generator());
  if (gate.defined() && !folds_gate) x = x * gate;
  if (!block.is_identity()) drop_path.apply(x);
  if (sum.defined())
    sum.add_(x);
  else
    sum = x;
}

// The output of a node without operations, in the graph of its gates so that their gradients are zeros.
at::Tensor CellNetwork::zeros(const CellPlan& cell, const nn::Features& like, const ChoiceGates* gates) const {
  const at::Tensor& state = like.value();
  const at::Tensor output =
      at::zeros({state.size(0), cell.channels, cell.output_size[0], cell.output_size[1]}, state.options())
          .contiguous(state.suggest_memory_format());
  if (gates == nullptr || gates->active.empty()) return output;
  return output * gates->weights.sum().to(output.scalar_type());
}

// Without updates of running statistics, because the candidates do not take part in the forward pass.
void CellNetwork::observe(const at::Tensor& output, int64_t cell, int64_t node, const std::vector<nn::Features>& states,
                          const ChoiceGates& gates) const {
  const auto& planned = plan_.cells[static_cast<size_t>(cell)].nodes[static_cast<size_t>(node)];
  const auto& operations = cells_[static_cast<size_t>(cell)].nodes[static_cast<size_t>(node)];
  const nn::RunMode mode{mode_.batch_statistics, false};
  std::vector<nn::ObservedCandidate> candidates;
  for (size_t i = 0; i < gates.observed.size(); ++i) {
    const auto k = static_cast<size_t>(gates.observed[i]);
    if (operations[k].is_zero) continue;
    candidates.push_back(
        {static_cast<int64_t>(i), static_cast<size_t>(planned[k].input),
         [block = operations[k].block, mode](nn::Features& input) { return block->run(input, mode); }});
  }
  nn::observe(output, states, std::move(candidates), observed_[static_cast<size_t>(choice_of(cell, node))]);
}

// In passes of training, which are those with the auxiliary head: where rewards and statistics are measured, an
// operation is what it is in a decided network.
bool CellNetwork::drops_skips() const {
  return skip_dropout_rate_ > 0 && mode_.batch_statistics && mode_.auxiliary_head;
}

void CellNetwork::check(const at::Tensor& images) const {
  if (images.dim() == 4 && images.size(1) == plan_.channels && images.size(2) == plan_.height &&
      images.size(3) == plan_.width)
    return;
  violation("the cell network was given images " + c10::str(images.sizes()) + ", expected [N, " +
            std::to_string(plan_.channels) + ", " + std::to_string(plan_.height) + ", " + std::to_string(plan_.width) +
            "]");
}

int64_t CellNetwork::candidates_of(int64_t choice) const {
  const auto& nodes = plan_.cells[0].nodes;
  return static_cast<int64_t>(nodes[static_cast<size_t>(choice) % nodes.size()].size());
}

// Gates are split once, and not in every cell that reads them: the backward pass then joins their gradients once too.
void CellNetwork::take_gates(const Gates& gates) {
  if (static_cast<int64_t>(gates.choices.size()) != choices_)
    violation("the cell network was given gates for " + std::to_string(gates.choices.size()) + " choices, expected " +
              std::to_string(choices_));
  gates_.assign(gates.choices.size(), {});
  observed_.assign(gates.choices.size(), at::Tensor());
  for (size_t i = 0; i < gates.choices.size(); ++i) {
    const ChoiceGates& choice = gates.choices[i];
    if (!can_be_read(choice, candidates_of(static_cast<int64_t>(i))))
      violation("the gates of choice " + std::to_string(i) +
                " name a candidate that does not exist, or have no weight for each active one");
    if (!choice.active.empty()) gates_[i] = choice.weights.unbind(0);
    if (!choice.observed.empty()) observed_[i] = at::zeros({static_cast<int64_t>(choice.observed.size())}, options_);
    if (!decides_affine_ || affine_trained_[i] == static_cast<char>(choice.frozen)) continue;
    affine_trained_[i] = static_cast<char>(choice.frozen);
    train_affine(static_cast<int64_t>(i), choice.frozen);
  }
}

void CellNetwork::train_affine(int64_t choice, bool trained) {
  for (int64_t c = 0; c < static_cast<int64_t>(cells_.size()); ++c) {
    const auto& nodes = cells_[static_cast<size_t>(c)].nodes;
    for (int64_t j = 0; j < static_cast<int64_t>(nodes.size()); ++j)
      if (choice_of(c, j) == choice)
        for (const BuiltOperation& operation : nodes[static_cast<size_t>(j)]) operation.block->train_affine(trained);
  }
}

int64_t CellNetwork::executed_operations(const Gates& gates) const {
  int64_t count = 0;
  for (int64_t c = 0; c < static_cast<int64_t>(cells_.size()); ++c) {
    const auto& nodes = cells_[static_cast<size_t>(c)].nodes;
    for (int64_t j = 0; j < static_cast<int64_t>(nodes.size()); ++j)
      count += static_cast<int64_t>(is_supernet() ? gates.choices[static_cast<size_t>(choice_of(c, j))].active.size()
                                                  : nodes[static_cast<size_t>(j)].size());
  }
  return count;
}

// A network may lack a type of cell, as one of a single cell does: the gates of that type get gradients of zero rather
// than none.
at::Tensor CellNetwork::touch_unused_gates(const at::Tensor& logits, const Gates& gates) const {
  if (!shares_cells_) return logits;
  at::Tensor touched = logits;
  const size_t nodes = plan_.cells[0].nodes.size();
  const auto has_cells = [this](bool reduction) {
    return std::any_of(plan_.cells.begin(), plan_.cells.end(),
                       [&](const CellPlan& cell) { return cell.reduction == reduction; });
  };
  const bool is_used[] = {has_cells(false), has_cells(true)};
  for (size_t i = 0; i < gates.choices.size(); ++i)
    if (!is_used[i / nodes] && !gates.choices[i].active.empty() && gates.choices[i].weights.requires_grad())
      touched = touched + gates.choices[i].weights.sum().to(logits.scalar_type()).mul(0);
  return touched;
}

std::vector<NamedTensor> CellNetwork::parameters() const {
  std::vector<NamedTensor> parameters, ignored;
  stem0_.list(parameters, ignored);
  if (stem1_) stem1_->list(parameters, ignored);
  for (const BuiltCell& cell : cells_) {
    cell.preprocess0.list(parameters, ignored);
    cell.preprocess1.list(parameters, ignored);
    for (const auto& node : cell.nodes)
      for (const BuiltOperation& operation : node) operation.block->list(parameters, ignored);
  }
  if (auxiliary_) auxiliary_->list(parameters, ignored);
  classifier_.list(parameters, ignored);
  return parameters;
}

std::vector<NamedTensor> CellNetwork::buffers() const {
  std::vector<NamedTensor> ignored, buffers;
  stem0_.list(ignored, buffers);
  if (stem1_) stem1_->list(ignored, buffers);
  for (size_t i = 0; i < cells_.size(); ++i) {
    cells_[i].preprocess0.list(ignored, buffers);
    cells_[i].preprocess1.list(ignored, buffers);
    for (size_t j = 0; j < cells_[i].nodes.size(); ++j)
      for (size_t k = 0; k < cells_[i].nodes[j].size(); ++k) {
        const BuiltOperation& operation = cells_[i].nodes[j][k];
        operation.block->list(ignored, buffers);
        if (operation.factor.defined())
          buffers.push_back({plan_.cells[i].nodes[j][k].block.name + ".gate", operation.factor});
      }
  }
  if (auxiliary_) auxiliary_->list(ignored, buffers);
  return buffers;
}

void CellNetwork::set_gate(int64_t cell, int64_t node, int64_t operation, const at::Tensor& gate) {
  const at::NoGradGuard no_grad;
  BuiltOperation& target =
      cells_[static_cast<size_t>(cell)].nodes[static_cast<size_t>(node)][static_cast<size_t>(operation)];
  if (target.is_zero) return;
  if (target.factor.defined())
    target.factor.copy_(gate);
  else
    target.block->absorb(gate);
}

void CellNetwork::use_channels_last() {
  channels_last_ = true;
  stem0_.use_channels_last();
  if (stem1_) stem1_->use_channels_last();
  for (BuiltCell& cell : cells_) {
    cell.preprocess0.use_channels_last();
    cell.preprocess1.use_channels_last();
    for (auto& node : cell.nodes)
      for (BuiltOperation& operation : node) operation.block->use_channels_last();
  }
  if (auxiliary_) auxiliary_->use_channels_last();
}

}  // namespace dha::cell
