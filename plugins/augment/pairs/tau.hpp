// dha.tau: the learned augmentation policy of DHA, a distribution over ordered pairs of operations.
//
// P = softmax over 196 logits tau; a sample's pair is drawn from P. tau descends L_tau = mean_k(-l_k P[a_k]) (paper,
// Eq. 2, scaled by the batch), which raises the probability of pairs whose samples have a high loss. Its gradient needs
// no pass through the network: dL_tau/dtau_j = sum_a c_a P_a ([a = j] - P_j) with c_a = -sum_{k: a_k = a} l_k / n.
#pragma once

#include "pair_augmenter.hpp"
#include "pair_distribution.hpp"

namespace dha::pairs {

class Tau : public PairAugmenter {
 public:
  static Schema schema();
  Tau(const Params& params, Context& context);

  State state() const override;
  // The same for a stage that continues and for one that carries the policy of an earlier one.
  void restore(const State& state, RestoreReason reason) override;
  // record: int64 (N) of apply(); losses: (N). One SGD step with Nesterov momentum on the logits.
  void learn(const at::Tensor& record, const at::Tensor& losses) override;
  // Warns when the policy has come to consist of a few pairs.
  void end_epoch(const EpochOutcome& outcome) override;
  std::string policy() const override;

  // Double (196): P, with the entropy floor; learn() writes into it.
  const at::Tensor& probabilities() const { return distribution_.probabilities(); }

 protected:
  at::Tensor draw_pairs(int64_t count) override;

 private:
  at::Tensor entropy() const;  // nat, 0-dimensional

  double learning_rate_, momentum_, weight_decay_, uniform_share_;
  bool collapsed_ = false;
  PairDistribution distribution_;
  at::Tensor logits_, velocity_;  // double (196)
};

}  // namespace dha::pairs
