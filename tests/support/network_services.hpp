// Search services over a network and given batches: what the host's services compute, without a stage. Its
// hyper-optimizer is gradient descent with momentum and weight decay.
#pragma once

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include <string>
#include <utility>
#include <vector>

#include "dha/searcher.hpp"

namespace dha::test {

struct LabelledImages {
  at::Tensor images, labels;
};

// The mean cross-entropy.
inline at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  return at::log_softmax(logits, 1).gather(1, labels.unsqueeze(1)).mean().neg();
}

class NetworkServices : public SearchServices {
 public:
  // `validation`: used in turn. The network outlives the services.
  NetworkServices(Network& network, LabelledImages training, std::vector<LabelledImages> validation)
      : network_(network), training_(std::move(training)), validation_(std::move(validation)) {
    for (const NamedTensor& parameter : network.parameters()) weights_.push_back(parameter.tensor);
    buffers.resize(weights_.size());
  }

  const Progress& progress() const override { return current; }

  Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) override {
    requests.push_back(request);
    const LabelledImages& batch = batch_for(request.data);
    move(request.displacement, request.scale);
    const at::AutoGradMode with_gradient(true);
    Gates leaves = gates;
    for (ChoiceGates& choice : leaves.choices) choice.weights = choice.weights.detach().clone().requires_grad_(true);
    network_.set_mode({true, false, 0, request.mode == EvaluationMode::kTraining});
    const at::Tensor loss = cross_entropy(network_.forward(batch.images, leaves).logits, batch.labels);
    Evaluation evaluation;
    evaluation.loss = loss.detach();
    if (request.gate_gradients || request.weight_gradients) {
      loss.backward();
      take_gradients(leaves, request, evaluation);
    }
    move(request.displacement, -request.scale);
    return evaluation;
  }

  std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& gradients) override {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> moves(weights_.size());
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      const at::Tensor decayed = gradients[i] + weights_[i].detach() * weight_decay;
      const at::Tensor buffer = buffers[i].defined() ? buffers[i] * momentum + decayed : decayed;
      moves[i] = (nesterov ? decayed + buffer * momentum : buffer) * -learning_rate;
    }
    return moves;
  }

  std::vector<NamedTensor> hyper_values() override {
    return {{"learning_rate", at::scalar_tensor(learning_rate, at::kDouble)}};
  }

  // One weight step on the training batch, under these gates.
  void train(const Gates& gates) {
    EvaluationRequest request;
    request.data = EvaluationData::kTrainingBatch;
    request.weight_gradients = true;
    move(preview_step(evaluate(gates, request).weight_gradients), 1);
  }

  Progress current;
  double learning_rate = 0.1, momentum = 0.9, weight_decay = 0.01;
  bool nesterov = false;
  std::vector<at::Tensor> buffers;  // momentum of each weight; undefined: none yet. The services leave it alone.
  std::vector<EvaluationRequest> requests;

 private:
  const LabelledImages& batch_for(EvaluationData data) {
    if (data == EvaluationData::kTrainingBatch) return training_;
    return validation_.at(next_++ % validation_.size());
  }

  void move(const std::vector<at::Tensor>& displacement, double scale) {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < displacement.size(); ++i)
      if (displacement[i].defined()) weights_[i].detach().add_(displacement[i], scale);
  }

  void take_gradients(const Gates& leaves, const EvaluationRequest& request, Evaluation& evaluation) {
    const auto of_choices = network_.observed_gradients();
    for (size_t i = 0; i < leaves.choices.size(); ++i) {
      const at::Tensor gradient = leaves.choices[i].weights.grad();
      if (!request.gate_gradients) continue;
      evaluation.gate_gradients.active.push_back(
          gradient.defined() ? gradient : at::zeros_like(leaves.choices[i].weights).detach());
      evaluation.gate_gradients.observed.push_back(i < of_choices.size() ? of_choices[i] : at::Tensor());
    }
    for (at::Tensor& weight : weights_) {
      if (request.weight_gradients) evaluation.weight_gradients.push_back(weight.grad());
      weight.mutable_grad().reset();
    }
  }

  Network& network_;
  LabelledImages training_;
  std::vector<LabelledImages> validation_;
  std::vector<at::Tensor> weights_;
  size_t next_ = 0;
};

}  // namespace dha::test
