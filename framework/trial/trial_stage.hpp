// A stage whose trial searcher asks for trials: each is trained as a stage of its own and judged on validation data.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "component/trial_parts.hpp"
#include "dha/trial_searcher.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_trainer.hpp"

namespace dha {

class TrialStage {
 public:
  TrialStage(const RunContext& scene, const StageConfig& config);

  // Takes the searcher's state, the number of trials done, and the trial that was under way with its training.
  void resume(const State& checkpoint);

  // Runs the trials that are left. A trial that diverges or throws is told as failed and the others go on. The result
  // is the best trial's, whose parts `leave` gets, and its checkpoint the stage's. Throws Error{kCancelled} after a
  // checkpoint within the trial under way; Error{kDiverged} where no trial finished.
  StageResult run(const std::function<void(const StageParts& best)>& leave);

 private:
  StageConfig config_of(const Trial& trial) const;
  std::optional<Trial> next_trial();
  TrialOutcome train(const Trial& trial);
  State trained(const Trial& best) const;
  void begin(StageTrainer& trainer, const Trial& trial, const State* under_way) const;
  void save() const;
  State with_searcher(State state) const;
  void write_report();
  void drop_weights() const;
  std::filesystem::path checkpoint_file() const;

  RunContext scene_;
  StageConfig config_;
  TrialParts parts_;
  int64_t done_ = 0;
  double seconds_ = 0;              // of all trials that are done, failed ones too
  std::optional<State> under_way_;  // the checkpoint that resume() took, where a trial was under way
};

// `config` with the values that a trial sets: JSON pointers below the stage, into a component's parameters
// ("/hyper/learning_rate", "/augment/1/magnitude_max"). Throws Error{kContractViolation} for one that leads nowhere.
StageConfig with_settings(const StageConfig& config, const std::string& settings_json, const PluginRegistry& registry);

}  // namespace dha
