#include "momentum_update.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/empty_like.h>

#include "dha/error.hpp"
#include "tensor_lists.hpp"

namespace dha::sgd {

namespace {

// A copy of `values` in layout, type and place of `weight`, so that lists of both take LibTorch's fast paths.
at::Tensor copy_like(const at::Tensor& weight, const at::Tensor& values) {
  return at::empty_like(weight, weight.options().requires_grad(false)).copy_(values);
}

}  // namespace

MomentumUpdate::MomentumUpdate(double momentum, bool nesterov, bool decays_vectors)
    : momentum_(momentum), nesterov_(nesterov), decays_vectors_(decays_vectors) {
  if (nesterov && momentum == 0)
    throw Error(ErrorCode::kInvalidParameter,
                "'nesterov' needs a momentum above 0, found momentum 0; raise 'momentum' or remove 'nesterov'");
}

void MomentumUpdate::attach(const std::vector<NamedTensor>& parameters) {
  names_.clear();
  weights_.clear();
  for (const NamedTensor& parameter : parameters) {
    names_.push_back(parameter.name);
    weights_.push_back(parameter.tensor);
  }
  buffers_.assign(parameters.size(), at::Tensor());
}

Participants MomentumUpdate::participants(const WeightStep& step) const {
  if (step.parameters.size() != names_.size() || step.gradients.size() != names_.size())
    throw Error(ErrorCode::kContractViolation, "a weight step has " + std::to_string(step.parameters.size()) +
                                                   " parameters and " + std::to_string(step.gradients.size()) +
                                                   " gradients, expected the " + std::to_string(names_.size()) +
                                                   " weights that were attached");
  Participants found;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!step.gradients[i].defined()) continue;
    found.indices.push_back(i);
    found.weights.push_back(step.parameters[i]);
    found.gradients.push_back(step.gradients[i]);
  }
  return found;
}

// gradients[i] += weight_decay * weights[i]
void MomentumUpdate::add_decay(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& weights,
                               const at::Tensor& weight_decay) const {
  if (decays_vectors_) return add_scaled_(gradients, weights, weight_decay);
  std::vector<at::Tensor> of_matrices, matrices;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].dim() <= 1) continue;
    of_matrices.push_back(gradients[i]);
    matrices.push_back(weights[i]);
  }
  if (!matrices.empty()) add_scaled_(of_matrices, matrices, weight_decay);
}

std::vector<at::Tensor> MomentumUpdate::advance(const Participants& participants, const at::Tensor& weight_decay) {
  const auto& [indices, weights, gradients] = participants;
  if (indices.empty()) return {};
  add_decay(gradients, weights, weight_decay);
  if (momentum_ == 0) return gradients;

  std::vector<at::Tensor> buffers, moving, moved_by;
  for (size_t k = 0; k < indices.size(); ++k) {
    at::Tensor& buffer = buffers_[indices[k]];
    if (buffer.defined()) {
      // It was restored before the weights were laid out as the network wants them.
      if (buffer.strides() != weights[k].strides()) buffer = copy_like(weights[k], buffer);
      moving.push_back(buffer);
      moved_by.push_back(gradients[k]);
    } else {
      buffer = copy_like(weights[k], gradients[k]);
    }
    buffers.push_back(buffer);
  }
  if (!moving.empty()) {
    at::_foreach_mul_(moving, momentum_);
    at::_foreach_add_(moving, moved_by);
  }
  if (!nesterov_) return buffers;
  at::_foreach_add_(gradients, buffers, momentum_);
  return gradients;
}

std::vector<at::Tensor> MomentumUpdate::directions(const Participants& participants,
                                                   const at::Tensor& weight_decay) const {
  const auto& [indices, weights, gradients] = participants;
  if (indices.empty()) return {};
  std::vector<at::Tensor> decayed;
  for (const at::Tensor& gradient : gradients) decayed.push_back(gradient.clone());
  add_decay(decayed, weights, weight_decay);
  if (momentum_ == 0) return decayed;

  std::vector<at::Tensor> buffers;
  for (size_t k = 0; k < indices.size(); ++k) {
    const at::Tensor& buffer = buffers_[indices[k]];
    buffers.push_back(buffer.defined() ? buffer.mul(momentum_).add_(decayed[k]) : decayed[k].clone());
  }
  if (!nesterov_) return buffers;
  at::_foreach_add_(decayed, buffers, momentum_);
  return decayed;
}

std::vector<at::Tensor> MomentumUpdate::preview(const WeightStep& step, const at::Tensor& weight_decay,
                                                const at::Tensor& learning_rate) const {
  const at::NoGradGuard no_grad;
  const Participants moving = participants(step);
  const std::vector<at::Tensor> moves = scaled(directions(moving, weight_decay), learning_rate.neg());
  std::vector<at::Tensor> result(step.parameters.size());
  for (size_t k = 0; k < moves.size(); ++k) result[moving.indices[k]] = moves[k];
  return result;
}

void MomentumUpdate::save(State& state) const {
  for (size_t i = 0; i < names_.size(); ++i)
    if (buffers_[i].defined()) state.tensors["momentum/" + names_[i]] = buffers_[i];
}

size_t MomentumUpdate::restore(const State& state) {
  size_t taken = 0;
  for (size_t i = 0; i < names_.size(); ++i) {
    buffers_[i] = taken_from(state, "momentum/", i);
    taken += buffers_[i].defined() ? 1 : 0;
  }
  return taken;
}

at::Tensor MomentumUpdate::taken_from(const State& state, const std::string& prefix, size_t index) const {
  const auto found = state.tensors.find(prefix + names_[index]);
  if (found == state.tensors.end() || found->second.sizes() != weights_[index].sizes()) return {};
  return copy_like(weights_[index], found->second);
}

}  // namespace dha::sgd
