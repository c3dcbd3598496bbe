// Trains one stage: epochs of joint steps, and the work at the end of each epoch.
//
// StageReporter writes its output, StageEvaluation measures, StageCheckpoints saves; StagePosition is its position.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stage/model_files.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_checkpoints.hpp"
#include "stage/stage_evaluation.hpp"
#include "stage/stage_origin.hpp"
#include "stage/stage_position.hpp"
#include "stage/stage_reporter.hpp"
#include "stage/stage_result.hpp"
#include "step/joint_step.hpp"
#include "step/step_replayer.hpp"

namespace dha {

class StageTrainer {
 public:
  // `path`: the key of the seeds: the stage's name, or a trial's own path ("search/trial-3").
  StageTrainer(const RunContext& run, const StageConfig& config, const std::string& path);

  // Ways to begin. Exactly one is called.
  void begin_afresh();
  // With the tensors of a model that agree in name and shape with the network's. `source` is the model in messages.
  // Throws Error{kInvalidConfig} where no weight agrees.
  void begin_with(const SavedModel& initial, const std::string& source);
  void begin_from(const StageOrigin& earlier);
  void resume(const State& checkpoint);

  // Trains only the stage's epochs from `first` up to but excluding `last`, after begin_afresh() or begin_from().
  void limit_epochs(int64_t first, int64_t last);

  // At its end the stage leaves the trained network (model_files.hpp) and its predictions (prediction_files.hpp) in the
  // run directory.
  void leave_model() {
    leaves_model_ = true;
    evaluation_.keep_predictions();
  }

  // The stage leaves pictures of augmented training images (augmented_images.hpp): at its beginning if the run has none
  // yet, and at its end.
  void show_augmentation() { shows_augmentation_ = true; }

  // The stage keeps the checkpoint of its best epoch by validation (best_checkpoint() in storage/checkpoint_store.hpp).
  void keep_best_epoch() { keeps_best_ = true; }

  // The checkpoint to continue from if the run ends before this stage has one; errors name it.
  void set_fallback_checkpoint(const std::filesystem::path& file) { checkpoints_.set_fallback(file); }

  // Called at each epoch's end, after the components; false ends the stage.
  using KeepGoing = std::function<bool(const EpochOutcome&)>;

  // Trains the rest of the stage. Throws Error{kCancelled} after a checkpoint when the user asks to stop, and
  // Error{kDiverged} if a loss is not finite; both name the checkpoint to continue from.
  StageResult train(const KeepGoing& keep_going = nullptr);

  const StageParts& parts() const { return parts_; }

 private:
  EvaluationSetting evaluation_setting() const;
  void train_epoch();
  std::optional<Batch> next_batch(const std::function<void()>& count_time);
  void train_batch(const Batch& batch);
  void begin_epoch();
  void finish_epoch(const KeepGoing& keep_going);
  EpochOutcome outcome() const;
  void examine_search();
  void end_components(const EpochOutcome& outcome, const KeepGoing& keep_going);
  void end_stage();
  void validate();
  void test_if_due();
  template <class Measure>
  void measure(Measure&& measure);
  Progress progress() const;
  std::string architecture() const;
  std::vector<std::vector<int64_t>> executed_candidates() const;
  double seconds() const;
  State checkpoint() const;
  void save_checkpoint();
  [[noreturn]] void interrupt();
  void check_finite(double loss, int64_t step) const;
  void check_constraints(const std::string& architecture) const;
  void write_model() const;
  void write_predictions() const;
  void draw_augmentation(const char* file) const;
  StageResult result() const;

  RunContext run_;
  StageConfig config_;
  at::Device device_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  StagePosition position_;
  StageCheckpoints checkpoints_;
  StageEvaluation evaluation_;
  StageReporter reporter_;
  std::optional<JointStep> step_;
  std::optional<StepReplayer> replayer_;
  bool leaves_model_ = false, keeps_best_ = false, shows_augmentation_ = false;
  double seconds_before_ = 0, begun_ = 0, last_saved_ = 0;
};

}  // namespace dha
