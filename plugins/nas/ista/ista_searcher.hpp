// The search of ISTA-NAS and DHA: a compressed code per choice, whose sparse recovery says which candidates to run.
//
// Choice j has a fixed matrix A_j and a learned code b_j. At the end of an epoch the sparse z_j behind b_j is recovered
// (LASSO) and its best candidates are kept; inside an epoch only b_j moves, and the gates of the kept candidates are
// linear in it. A choice whose z_j has come to rest freezes. Gates are the same for every purpose of a forward pass.
//
// A constraint of the stage that forbids the recovered architecture as a whole refuses single changes: choice by
// choice, in their order, new candidates are taken if the architecture that is held so far allows them. An epoch with a
// refused change counts as one rejected update. The distance of a choice is that of its consecutive recoveries, taken
// or not, so that a choice whose recovery has settled freezes with the candidates that it holds, and a search under a
// binding constraint ends.
//
// After the last planned epoch nothing is left to train a new support, so the one that was trained is kept: what is
// measured then, and decided by end_stage(), is what was trained. Choices that settled in that epoch still freeze.
//
// Sources: ISTA-NAS (NeurIPS 2020), DHA (arXiv 2109.05765).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dha/nas/adam.hpp"
#include "dha/plugin.hpp"
#include "pick.hpp"
#include "recovery.hpp"

namespace dha::ista {

enum class Mode {
  kOneStage,  // codes learn from the training gradient, before each weight step
  kTwoStage,  // codes learn from a validation batch before each weight step
  kDha,       // as kOneStage, with the recovery of DHA
};

class IstaSearcher : public Searcher, private Replay {
 public:
  static Schema schema();
  IstaSearcher(const Params& params, Context& context);

  void attach(const Space& space, const Stage& stage) override;
  void before_step(SearchServices& services) override;
  Gates gates(const GateRequest& request) override;
  void learn(const SearchStep& step) override;
  void end_epoch(SearchServices& services) override;
  void end_stage(SearchServices& services) override;
  bool finished() const override;
  std::string architecture() const override;
  std::string report() const override;
  std::string constraint_handling() const override;
  std::vector<std::string> needs() const override;
  void* capability(std::string_view id) override {
    return id == Replay::kCapability ? static_cast<Replay*>(this) : nullptr;
  }
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // For tests: double (choices, rows), on the context's device.
  const at::Tensor& code() const { return code_; }

 private:
  // before_step() of two_stage takes the next validation images.
  bool replayable() const override { return mode_ != Mode::kTwoStage; }
  std::optional<int64_t> revision() const override { return rebuilds_; }

  struct Recovered {
    std::vector<double> coefficients;  // z: one per candidate
    std::vector<int64_t> kept;         // ascending
    double relative_gap = 0;
  };

  struct Decision {
    at::Tensor columns;                     // double (candidates, rows), CPU: the a_i
    Recovered recovered;                    // held: what the gates are built from
    std::vector<double> last_coefficients;  // z of the last recovery, which a constraint may have refused
    std::optional<double> distance;         // of the last recovery from the one before; none yet in the first epoch
    bool is_frozen = false;
  };

  void fit_sizes(const std::vector<Choice>& choices);
  void draw();
  Recovered recover_choice(size_t index, const at::Tensor& codes) const;
  std::vector<Recovered> recover_live();
  void begin_allowed();
  void adopt_allowed(std::vector<Recovered>& proposed);
  std::vector<size_t> adopt_one_by_one(std::vector<Recovered>& proposed);
  void freeze_settled();
  void rebuild_gates();
  void update_code(const GateGradients& gradients);
  void record_frozen();
  void record_metrics();
  Decisions decisions() const;
  at::Tensor codes_on_host() const;
  std::vector<std::string> candidate_names(size_t choice) const;
  Decision taken_choice(size_t index, const nlohmann::ordered_json& saved, const State& state) const;

  Context& context_;
  const std::optional<int64_t> given_rows_, given_keep_;
  const bool given_lambda_;
  int64_t rows_ = 0, keep_ = 0;  // length of a code, candidates kept per choice
  const Mode mode_;
  const PickRule pick_rule_;
  const nas::NoneRule none_rule_;
  RecoveryOptions recovery_;
  const double freeze_distance_;
  const bool normalises_columns_;

  const Space* space_ = nullptr;
  const Stage* stage_ = nullptr;
  std::vector<Decision> choices_;
  at::Tensor code_;  // double (choices, rows)
  nas::Adam adam_;
  int64_t epochs_ = 0, rejected_ = 0;
  int64_t rebuilds_ = 0;  // of the gates, by this object

  // Constant inside an epoch, on the context's device.
  at::Tensor kept_columns_;  // double (choices, keep, rows)
  at::Tensor bias_;          // double (choices, keep)
  at::Tensor live_;          // bool (choices, 1)
};

}  // namespace dha::ista
