// The update rule of stochastic gradient descent with momentum, as torch.optim.SGD has it with dampening 0.
//
//   d   = g + wd * theta
//   buf = mu * buf + d        on the first step of a weight: buf = d
//   u   = buf                 with Nesterov momentum: u = d + mu * buf
//   theta <- theta - lr * u
//
// Weights with one dimension (of batch norm, and biases) may be exempt from the decay: wd is 0 for them.
//
// A weight without a gradient is left as it is: neither decayed nor moved by its momentum.
#pragma once

#include <string>
#include <vector>

#include "dha/hyper_optimizer.hpp"

namespace dha::sgd {

// The weights that have a gradient in a step, in the order of attach().
struct Participants {
  std::vector<size_t> indices;  // places in the order of attach()
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> gradients;
};

class MomentumUpdate {
 public:
  // `momentum` in [0, 1]. Throws Error{kInvalidParameter} for Nesterov momentum of 0.
  MomentumUpdate(double momentum, bool nesterov, bool decays_vectors = true);

  void attach(const std::vector<NamedTensor>& parameters);

  const std::vector<std::string>& names() const { return names_; }

  // Throws Error{kContractViolation} where the step has another number of weights than attach() saw.
  Participants participants(const WeightStep& step) const;

  // Moves the momentum by the gradients, which it overwrites, and returns u of each participant. Where
  // directions_are_momentum(), u is the momentum itself, good until the next call; else it lies in the gradients.
  std::vector<at::Tensor> advance(const Participants& participants, const at::Tensor& weight_decay);

  // What a step would add to each weight, without moving anything: -lr * u in the order of attach(), undefined where
  // the gradient is.
  std::vector<at::Tensor> preview(const WeightStep& step, const at::Tensor& weight_decay,
                                  const at::Tensor& learning_rate) const;

  bool directions_are_momentum() const { return momentum_ != 0 && !nesterov_; }

  // The momentum of the weight at `index`; undefined before its first step.
  const at::Tensor& buffer(size_t index) const { return buffers_[index]; }

  // du/dwd at fixed theta and past momentum is this times theta: 1, or 1 + mu with Nesterov momentum.
  double decay_sensitivity() const { return nesterov_ ? 1 + momentum_ : 1; }

  // Adds "momentum/<weight>" for every weight that has moved.
  void save(State& state) const;

  // Takes the momentum of weights of the same name and shape, forgets that of all others, and returns how many it took.
  size_t restore(const State& state);

  // A copy, as the weight at `index` is laid out, of state tensor `prefix` + its name; undefined where there is none of
  // its shape.
  at::Tensor taken_from(const State& state, const std::string& prefix, size_t index) const;

 private:
  std::vector<at::Tensor> directions(const Participants& participants, const at::Tensor& weight_decay) const;

  void add_decay(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& weights,
                 const at::Tensor& weight_decay) const;

  double momentum_;
  bool nesterov_;
  bool decays_vectors_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> buffers_;
};

}  // namespace dha::sgd
