// The search of ENAS: a controller draws one architecture per weight step, and learns from the accuracy that its
// architectures reach with the shared weights.
//
// Each weight step trains one drawn path, whose gates are 1. After each epoch the controller is updated
// `controller_steps` times by REINFORCE, each time with the mean gradient over `controller_samples` architectures:
//   reward R = accuracy on the next batch of validation images + entropy_weight * entropy of the draws
//   loss = -log p(architecture) * (R - baseline), the baseline a moving average that includes R, the entropy constant
// After the last planned epoch `final_samples` architectures are drawn, and the one with the best accuracy is kept
// among those that satisfy the stage's constraints. Before that, and if the stage ends early, the architecture is the
// one of the controller's most probable decisions.
//
// The controller works on the CPU, so that a search draws the same paths on every device.
//
// Source: ENAS (Pham et al., 2018, arXiv 1802.03268), sections 2.2 and 2.3, with the constants of its published code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller.hpp"
#include "dha/nas/adam.hpp"
#include "dha/nas/reward_baseline.hpp"
#include "dha/plugin.hpp"

namespace dha::enas {

class EnasSearcher : public Searcher {
 public:
  static Schema schema();
  EnasSearcher(const Params& params, Context& context);

  void attach(const Space& space, const Stage& stage) override;
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

  // For tests.
  const Controller& controller() const { return *controller_; }

 private:
  std::vector<std::string> favoured_in(const Space& space) const;
  void update(SearchServices& services);
  at::Tensor sample_gradient(SearchServices& services);
  Decisions random_allowed(at::Generator generator) const;
  std::optional<Decisions> sample_allowed() const;
  void choose_final(SearchServices& services);
  void keep_greedy();
  void stop_if_cancelled() const;
  Gates gates_of(const Decisions& decisions) const;
  const Decisions& decisions() const { return decided_ ? *decided_ : greedy_; }

  Context& context_;
  ControllerOptions options_;
  std::optional<std::vector<std::string>> favoured_;  // as the user named them
  nas::Adam adam_;
  nas::RewardBaseline baseline_;
  const double entropy_weight_;
  const int64_t controller_steps_, controller_samples_, final_samples_;
  const bool rates_final_on_all_;

  const Space* space_ = nullptr;
  const Stage* stage_ = nullptr;
  std::optional<Controller> controller_;
  int64_t updates_ = 0;
  Decisions path_;                    // of the last weight step; empty before the first
  Decisions greedy_;                  // follows from the controller
  double entropy_ = 0;                // of the greedy decisions
  std::optional<Decisions> decided_;  // the chosen architecture
  bool finished_ = false;
};

}  // namespace dha::enas
