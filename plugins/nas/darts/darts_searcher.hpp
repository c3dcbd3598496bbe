// The search of DARTS (Liu et al., ICLR 2019): all operations of all edges run, weighted by a softmax per edge, and the
// architecture variables alpha descend along the validation loss before each weight step.
//
// First order takes the gradient at the current weights; second order at the weights after the coming step, as a
// function of alpha. A choice keeps its best inputs by their strongest operation. Evaluations run that architecture
// with gates of 1, as its retraining does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dha/nas/allowed_derivation.hpp"
#include "dha/nas/mixed_operations.hpp"
#include "dha/plugin.hpp"

namespace dha::darts {

class DartsSearcher : public Searcher {
 public:
  static Schema schema();
  DartsSearcher(const Params& params, Context& context);

  void attach(const Space& space, const Stage& stage) override;
  void before_step(SearchServices& services) override;
  Gates gates(const GateRequest& request) override;
  void end_stage(SearchServices& services) override;
  bool finished() const override { return finished_; }
  std::string architecture() const override;
  std::string report() const override;
  std::string constraint_handling() const override;
  std::vector<std::string> needs() const override;
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // For tests: double (candidates of all choices).
  const at::Tensor& alpha() const { return mixed_->variables(); }

 private:
  Decisions decisions(nas::Strengths strengths) const;

  Context& context_;
  const int64_t order_;
  const double radius_, initial_deviation_;
  const nas::NoneRule none_rule_;
  const nas::AdamOptions adam_;

  const Space* space_ = nullptr;
  std::optional<nas::MixedOperations> mixed_;
  std::optional<nas::AllowedDerivation> derivation_;
  bool finished_ = false;
};

}  // namespace dha::darts
