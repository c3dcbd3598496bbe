// The search of MANAS: one agent per edge, a bandit over its operations, and all agents learn from one loss.
//
// In each round every agent draws an operation from its policy (uniform at first), the weights take one step with the
// drawn operation of every edge, gates 1, and the loss L of these operations on a batch of validation images is
// measured, with statistics of the batch. All inputs of a choice take part in the search.
//   importance     MANAS: after each round, exponential weights of losses weighted by importance
//   least_squares  MANAS-LS: after the rounds of an epoch, or `samples` rounds, a linear model of the losses ranks the
//                  operations, and Zipf's law draws by rank. Rounds are forgotten after their fit.
// The architecture takes the best operation of each edge, and of each choice the `keep` inputs whose edges are decided
// most clearly: by the probability of their operation, or (least_squares, where every edge has the same probabilities)
// by how far its coefficient lies below the mean of the edge. An operation "none" is never kept. Evaluations run this
// architecture, whose choices have fewer inputs than the shared weights were trained with.
//
// Source: MANAS (Carlucci et al., arXiv 1909.01051, as submitted to ICLR 2020), which leaves eta, the number of rounds
// per fit and the choice of inputs open.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dha/nas/allowed_derivation.hpp"
#include "dha/plugin.hpp"
#include "edges.hpp"

namespace dha::manas {

enum class Update { kImportance, kLeastSquares };

class ManasSearcher : public Searcher {
 public:
  static Schema schema();
  ManasSearcher(const Params& params, Context& context);

  void attach(const Space& space, const Stage& stage) override;
  void before_step(SearchServices& services) override;
  Gates gates(const GateRequest& request) override;
  void end_epoch(SearchServices& services) override;
  void end_stage(SearchServices& services) override;
  bool finished() const override { return finished_; }
  std::string architecture() const override;
  std::string report() const override;
  std::string constraint_handling() const override;
  std::vector<std::string> needs() const override { return {need::kValidationImages}; }
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // For tests: of each edge.
  const ActionValues& policy() const { return policy_; }

 private:
  Actions draw(at::Generator generator) const;
  void rate(SearchServices& services);
  void learn_from(double loss, const Progress& progress);
  void fit_model();
  double rate_of(size_t edge, const Progress& progress) const;
  void record_entropy();
  const Decisions& decisions() const;
  Gates gates_of(const Decisions& decisions) const;
  Decisions operations_of(const Actions& actions) const;

  Context& context_;
  const Update update_;
  const std::optional<double> learning_rate_;
  const double limit_;
  const std::optional<int64_t> samples_;

  const Space* space_ = nullptr;
  const Stage* stage_ = nullptr;
  std::optional<nas::AllowedDerivation> derivation_;
  std::vector<Edge> edges_;
  ActionValues policy_;      // sums to 1 in each edge
  ActionValues estimates_;   // importance: B; least_squares: beta
  Actions actions_;          // of the last weight step; empty before the first
  bool is_pending_ = false;  // whether its loss is still to be measured
  int64_t rounds_ = 0;
  bool finished_ = false;

  // Rounds since the last fit; the losses stay on their device until then.
  std::vector<Actions> sampled_;
  std::vector<at::Tensor> losses_;  // 0-dimensional
};

}  // namespace dha::manas
