// The controller of ENAS: a recurrent network that draws an architecture decision by decision.
//
// An LSTM without biases (one layer) takes one step per decision. Its input is what was decided last: the embedding of
// an operation, or the anchor of an input, which is the state of the LSTM after that choice (zero for the given inputs
// of a cell). An input is chosen by attention, logits v . tanh(W1 anchor state + W2 state), and an operation by a
// softmax layer. A choice that keeps several candidates is drawn candidate by candidate, input before operation,
// without replacement. Where no choice of a cell has several inputs, there are decisions about operations only.
//
// Logits x are divided by the temperature and become c tanh(x), with the smaller constant c / reduction for operations.
// The favoured operations start with a learned bias; in the first cell a fixed one is added to their logits and
// subtracted from those of the others.
//
// Source: ENAS (Pham et al., 2018, arXiv 1802.03268), section 2.3, with the constants of its published code.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "choice_plan.hpp"

namespace dha::enas {

struct ControllerOptions {
  int64_t units = 64;
  double temperature = 1;
  double tanh_constant = 1.1;         // 0: logits as they are
  double operation_reduction = 2.5;   // divides tanh_constant for operations
  std::vector<std::string> favoured;  // operations
  double operation_bias = 10;         // of favoured operations at the start
  double fixed_bias = 0.25;
};

// Candidates of every choice in the order in which they were drawn.
using Draws = std::vector<std::vector<int64_t>>;

struct Path {
  Draws draws;
  at::Tensor log_probability;  // double, 0-dimensional, with the graph of the variables where gradients are recorded
  at::Tensor entropy;          // double, 0-dimensional, without a graph: the sum over decisions
};

// Works on the CPU in double. [one thread at a time]
class Controller {
 public:
  // Draws the variables from U(-0.1, 0.1).
  Controller(const std::vector<Choice>& choices, const ControllerOptions& options, at::Generator generator);

  Path sample(at::Generator generator) const;

  // The most probable option of each decision, given those before it; ties go to the lower one.
  Path greedy() const;

  // The path of given draws. Throws Error{kInvalidParameter} if they are not draws of this space.
  Path rate(const Draws& draws) const;

  // All variables as one vector, double, a leaf that requires gradients.
  const at::Tensor& variables() const { return variables_; }

 private:
  struct Weights;
  struct Rollout;

  // A decision: a position in `options`, whose log-probabilities are given in the same order.
  using Decide = std::function<int64_t(const at::Tensor& log_probabilities, const std::vector<int64_t>& options)>;

  Weights weights() const;
  at::Tensor operation_logits(const Rollout& rollout, const ChoicePlan& plan) const;
  at::Tensor squashed(const at::Tensor& logits, double constant) const;
  Path roll_out(const Decide& decide) const;
  void decide_choice(Rollout& rollout, const ChoicePlan& plan, const Decide& decide) const;

  SpacePlan plan_;
  ControllerOptions options_;
  at::Tensor fixed_bias_;  // (operations), zero where nothing is favoured
  at::Tensor variables_;
};

}  // namespace dha::enas
