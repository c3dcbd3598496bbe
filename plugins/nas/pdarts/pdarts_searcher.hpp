// The progressive search of P-DARTS (Chen et al., ICCV 2019): DARTS of first order in several stages, each on a deeper
// network and with fewer operations per edge.
//
// Every stage of the pipeline runs this searcher and carries `searcher` alone from the stage before. A stage with
// `drop` above 0 drops so many operations of each edge when it ends, those with the smallest softmax weights; the next
// stage starts with the others, which alone are executed, and with fresh variables. The stage with `drop` 0 is the
// last: it decides, with a limit on the skip connections of the normal cell. Weights train alone in the first
// `warm_up_epochs` of each stage. The dropout after skip connections is a part of the network (dha.cell: skip_dropout).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dha/nas/allowed_derivation.hpp"
#include "dha/nas/mixed_operations.hpp"
#include "dha/plugin.hpp"
#include "drop.hpp"

namespace dha::pdarts {

class PdartsSearcher : public Searcher {
 public:
  static Schema schema();
  PdartsSearcher(const Params& params, Context& context);

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
  void check_skip_limit() const;
  void take(const nlohmann::ordered_json& json, const State& state, RestoreReason reason);

  Context& context_;
  const int64_t drop_, warm_up_epochs_;
  const std::optional<int64_t> skip_limit_;  // as given
  const double gradient_clip_, initial_deviation_;
  const nas::NoneRule none_rule_;
  const nas::AdamOptions adam_;

  const Space* space_ = nullptr;
  std::optional<nas::MixedOperations> mixed_;
  std::optional<nas::AllowedDerivation> derivation_;
  bool finished_ = false;
};

}  // namespace dha::pdarts
