#include "controller.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "dha/error.hpp"

namespace dha::enas {

namespace {

constexpr double kInitialRange = 0.1;

bool is_favoured(const ControllerOptions& options, const std::string& operation) {
  return std::find(options.favoured.begin(), options.favoured.end(), operation) != options.favoured.end();
}

[[noreturn]] void refuse_draws() {
  throw Error(ErrorCode::kInvalidParameter, "the controller cannot rate these draws: they are not a path of its space");
}

// The decisions that lead to one candidate of a choice: its input, if the choice has several, and its operation.
void append_decisions(const ChoicePlan& plan, int64_t candidate, std::vector<int64_t>& decisions) {
  for (size_t input = 0; input < plan.candidates.size(); ++input) {
    const std::vector<int64_t>& row = plan.candidates[input];
    const auto found = std::find(row.begin(), row.end(), candidate);
    if (candidate < 0 || found == row.end()) continue;
    if (plan.chooses_input) decisions.push_back(static_cast<int64_t>(input));
    decisions.push_back(found - row.begin());
    return;
  }
  refuse_draws();
}

std::vector<int64_t> decisions_of(const SpacePlan& plan, const Draws& draws) {
  if (draws.size() != plan.choices.size()) refuse_draws();
  std::vector<int64_t> decisions;
  for (size_t i = 0; i < draws.size(); ++i) {
    if (static_cast<int64_t>(draws[i].size()) != plan.choices[i].keep) refuse_draws();
    for (const int64_t candidate : draws[i]) append_decisions(plan.choices[i], candidate, decisions);
  }
  return decisions;
}

// Consecutive parts of a vector.
class Parts {
 public:
  explicit Parts(const at::Tensor& vector) : vector_(vector) {}

  at::Tensor next(at::IntArrayRef shape) {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    start_ += count;
    return vector_.narrow(0, start_ - count, count).view(shape);
  }

 private:
  const at::Tensor& vector_;
  int64_t start_ = 0;
};

}  // namespace

// Views of the variables; u: units, o: operations.
struct Controller::Weights {
  at::Tensor lstm;              // (2 u, 4 u): input and state to the gates i, f, o, g
  at::Tensor start;             // (u): the first input
  at::Tensor embeddings;        // (o, u)
  at::Tensor softmax;           // (u, o)
  at::Tensor bias;              // (o)
  at::Tensor attention_anchor;  // (u, u): W1
  at::Tensor attention_state;   // (u, u): W2
  at::Tensor attention;         // (u): v
};

struct Controller::Rollout {
  Weights weights;
  at::Tensor input, state, memory;    // (u): x, h, c
  std::vector<at::Tensor> anchors;    // of the cell, (u) each
  std::vector<at::Tensor> keys;       // W1 h of each anchor's step
  std::vector<at::Tensor> decided;    // log-probabilities of what was decided
  std::vector<at::Tensor> entropies;  // of the decisions
  Draws draws;

  void advance() {
    const int64_t units = state.size(0);
    const at::Tensor gates = at::matmul(at::cat({input, state}), weights.lstm);
    const std::vector<at::Tensor> open = at::sigmoid(gates.narrow(0, 0, 3 * units)).chunk(3);  // i, f, o
    memory = open[0] * at::tanh(gates.narrow(0, 3 * units, units)) + open[1] * memory;
    state = open[2] * at::tanh(memory);
  }

  void add_anchor(const at::Tensor& anchor) {
    anchors.push_back(anchor);
    keys.push_back(at::matmul(state, weights.attention_anchor));
  }

  // Published code takes one step per given input, whose anchors are zero.
  void begin_cell(const ChoicePlan& plan) {
    anchors.clear();
    keys.clear();
    if (!plan.cell_chooses_inputs) return;
    input = weights.start;
    for (int64_t i = 0; i < plan.given_inputs; ++i) {
      advance();
      add_anchor(at::zeros_like(state));
    }
  }

  void end_choice(const ChoicePlan& plan) {
    if (!plan.cell_chooses_inputs) return;
    advance();
    add_anchor(state);
    input = weights.start;
  }

  at::Tensor input_logits(const ChoicePlan& plan) const {
    const std::vector<at::Tensor> of_choice(keys.begin(),
                                            keys.begin() + static_cast<std::ptrdiff_t>(plan.candidates.size()));
    const at::Tensor query = at::matmul(state, weights.attention_state);
    return at::matmul(at::tanh(at::stack(of_choice) + query), weights.attention);
  }

  // Decides among `options`, positions in `logits`.
  int64_t choose(const at::Tensor& logits, const std::vector<int64_t>& options, const Decide& decide) {
    const at::Tensor log_probabilities = at::log_softmax(logits.index_select(0, at::tensor(options)), 0);
    const at::Tensor constant = log_probabilities.detach();
    entropies.push_back(constant.exp().mul(constant).sum().neg());
    const int64_t position = decide(constant, options);
    decided.push_back(log_probabilities.select(0, position));
    return options.at(static_cast<size_t>(position));
  }
};

Controller::Controller(const std::vector<Choice>& choices, const ControllerOptions& options, at::Generator generator)
    : plan_(plan_of(choices)), options_(options) {
  const int64_t u = options.units, o = static_cast<int64_t>(plan_.operations.size());
  const auto type = at::TensorOptions(at::kDouble);
  variables_ = at::rand({8 * u * u + u + o * u + u * o + o + 2 * u * u + u}, generator, type);
  variables_.mul_(2 * kInitialRange).sub_(kInitialRange);
  fixed_bias_ = at::zeros({o}, type);
  const at::Tensor bias = weights().bias.zero_();
  for (int64_t i = 0; i < o; ++i)
    if (is_favoured(options, plan_.operations[static_cast<size_t>(i)])) {
      bias.select(0, i).fill_(options.operation_bias);
      fixed_bias_.select(0, i).fill_(2 * options.fixed_bias);
    }
  if (fixed_bias_.any().item<bool>()) fixed_bias_.sub_(options.fixed_bias);
  variables_.requires_grad_(true);
}

Controller::Weights Controller::weights() const {
  const int64_t u = options_.units, o = static_cast<int64_t>(plan_.operations.size());
  Parts parts(variables_);
  Weights weights;
  weights.lstm = parts.next({2 * u, 4 * u});
  weights.start = parts.next({u});
  weights.embeddings = parts.next({o, u});
  weights.softmax = parts.next({u, o});
  weights.bias = parts.next({o});
  weights.attention_anchor = parts.next({u, u});
  weights.attention_state = parts.next({u, u});
  weights.attention = parts.next({u});
  return weights;
}

at::Tensor Controller::squashed(const at::Tensor& logits, double constant) const {
  const at::Tensor tempered = logits / options_.temperature;
  return constant == 0 ? tempered : at::tanh(tempered) * constant;
}

at::Tensor Controller::operation_logits(const Rollout& rollout, const ChoicePlan& plan) const {
  const at::Tensor logits = squashed(at::matmul(rollout.state, rollout.weights.softmax) + rollout.weights.bias,
                                     options_.tanh_constant / options_.operation_reduction);
  return plan.cell == 0 ? logits + fixed_bias_ : logits;
}

void Controller::decide_choice(Rollout& rollout, const ChoicePlan& plan, const Decide& decide) const {
  if (plan.starts_cell) rollout.begin_cell(plan);
  OpenCandidates open(plan);
  rollout.draws.emplace_back();
  for (int64_t drawn = 0; drawn < plan.keep; ++drawn) {
    int64_t input = open.inputs().at(0);
    if (plan.chooses_input) {
      rollout.advance();
      input = rollout.choose(squashed(rollout.input_logits(plan), options_.tanh_constant), open.inputs(), decide);
      rollout.input = rollout.anchors.at(static_cast<size_t>(input));
    }
    rollout.advance();
    const int64_t operation = rollout.choose(operation_logits(rollout, plan), open.operations(input), decide);
    rollout.input = rollout.weights.embeddings.select(0, operation);
    rollout.draws.back().push_back(open.take(input, operation));
  }
  rollout.end_choice(plan);
}

Path Controller::roll_out(const Decide& decide) const {
  Rollout rollout;
  rollout.weights = weights();
  rollout.input = rollout.weights.start;
  rollout.state = rollout.memory = at::zeros({options_.units}, at::kDouble);
  for (const ChoicePlan& plan : plan_.choices) decide_choice(rollout, plan, decide);
  return {std::move(rollout.draws), at::stack(rollout.decided).sum(), at::stack(rollout.entropies).sum()};
}

Path Controller::sample(at::Generator generator) const {
  return roll_out([&generator](const at::Tensor& log_probabilities, const std::vector<int64_t>&) {
    return at::multinomial(log_probabilities.exp(), 1, /*replacement=*/false, generator).item<int64_t>();
  });
}

Path Controller::greedy() const {
  return roll_out([](const at::Tensor& log_probabilities, const std::vector<int64_t>&) {
    return at::argmax(log_probabilities).item<int64_t>();
  });
}

Path Controller::rate(const Draws& draws) const {
  const std::vector<int64_t> wanted = decisions_of(plan_, draws);
  size_t next = 0;
  return roll_out([&](const at::Tensor&, const std::vector<int64_t>& options) {
    const auto found = std::find(options.begin(), options.end(), wanted.at(next++));
    if (found == options.end()) refuse_draws();
    return static_cast<int64_t>(found - options.begin());
  });
}

}  // namespace dha::enas
