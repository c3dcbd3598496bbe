// Trains one stage: epochs of joint steps, evaluations, what components do at an epoch's end, metrics, checkpoints.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "component/stage_parts.hpp"
#include "dha/trial_searcher.hpp"
#include "stage/epoch_totals.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_result.hpp"
#include "step/evaluate.hpp"
#include "step/joint_step.hpp"
#include "step/step_replayer.hpp"

namespace dha {

// What the components of a run's stages are made with.
StageEnvironment environment_of(const RunContext& scene);

// The file of a stage's checkpoint after `epochs_done` epochs and `steps_done` steps of the next; of a trial's with 0.
std::filesystem::path stage_checkpoint(const RunDirectory& directory, const std::string& place, int64_t epochs_done,
                                       int64_t steps_done = 0);

class StageTrainer {
 public:
  // `place`: the stage's name, or below it a trial's ("search/trial-3"): seeds, metrics and checkpoints go by it.
  StageTrainer(const RunContext& scene, const StageConfig& config, const std::string& place);

  // Ways to begin. Exactly one is called.
  void begin_afresh(const std::string& architecture = "");
  void begin_from(const StageConfig& earlier_config, const State& earlier);
  void resume(const State& checkpoint);

  // A trial's architecture and span of epochs; `earlier`: the state of the trial that it starts from, or null.
  void begin_trial(const Trial& trial, const StageConfig& earlier_config, const State* earlier);

  // The checkpoint from which a run goes on that ends before this stage has one: errors name it.
  void follows(const std::filesystem::path& checkpoint) { last_checkpoint_ = checkpoint.string(); }

  // Called at each epoch's end, ahead of what is measured last; false ends the stage.
  using KeepGoing = std::function<bool(const EpochOutcome&)>;

  // How a trial saves its state ahead of its end, which is a part of the stage's: writes the file and returns it.
  using SaveWithin = std::function<std::filesystem::path(const State& checkpoint, int64_t steps_done)>;
  void save_within(SaveWithin save) { save_within_ = std::move(save); }

  // Trains what is left of the stage. Throws Error{kCancelled} after a checkpoint when the user asks to stop, and
  // Error{kDiverged} where a loss is no longer finite; both name the checkpoint to go on from.
  StageResult train(const KeepGoing& keep_going = nullptr);

  // What the test images say of a trial that was chosen among all, after train(): its result with that. Writes a row
  // of metrics. Throws Error{kCancelled} as train() does.
  StageResult test_chosen_trial();

  const StageParts& parts() const { return parts_; }

  // Whether keep_going() ended the training ahead of its epochs.
  bool was_stopped() const { return over_ && epoch_ < last_epoch_ && is_trial_; }

  // Parts, positions, totals: what resume() takes.
  State checkpoint() const;

 private:
  void carry_weights(const StageConfig& earlier_config, const State& earlier);
  void train_epoch();
  bool checkpoint_is_due() const;
  void train_batch(const Batch& batch);
  void begin_epoch();
  void finish_epoch(const KeepGoing& keep_going);
  void judge(EpochOutcome& outcome, const KeepGoing& keep_going);
  void end_components(const EpochOutcome& outcome);
  Measurement measure(BatchFeed& feed, const char* split);
  Progress progress() const;
  void write_step_row();
  void show_progress();
  void write_epoch_row(const EpochOutcome& outcome);
  nlohmann::ordered_json component_values(EpochTotals::Means* interval = nullptr);
  void check_finite(double loss, int64_t step) const;
  void check_weights() const;
  std::filesystem::path checkpoint_file() const;
  [[noreturn]] void interrupt();
  void save_checkpoint();
  std::filesystem::path write_checkpoint() const;
  std::string last_checkpoint_text() const;
  StageResult result() const;

  RunContext scene_;
  StageConfig config_;
  std::string place_;
  bool is_trial_;  // trials do not look at test images, and have a checkpoint of their own only at their end
  SaveWithin save_within_;
  int64_t last_epoch_;  // the stage ends before it; the configuration's, but for trials
  at::Device device_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  std::optional<JointStep> step_;
  std::optional<StepReplayer> replayer_;

  int64_t epoch_ = 0, step_in_epoch_ = 0;
  bool over_ = false;         // nothing is left to train
  bool epoch_ended_ = false;  // the components have made what they make of the epoch; an evaluation is still due
  EpochTotals epoch_totals_, interval_totals_;
  EpochTotals::Means epoch_means_;  // of the last epoch
  std::optional<Measurement> validation_, test_;
  std::optional<int64_t> best_epoch_;
  std::optional<Measurement> best_validation_, best_test_;
  double seconds_before_ = 0;
  double training_seconds_ = 0, epoch_seconds_ = 0;  // of training: of the epochs that are over, and of this one
  double begun_ = 0, interval_begun_ = 0, last_saved_ = 0;
  int64_t images_trained_ = 0;
  std::string last_checkpoint_;
  std::map<std::string, double> step_values_;  // the newest of each in this epoch's rows of steps
  struct Shown {
    double loss = std::numeric_limits<double>::quiet_NaN(), accuracy = loss, images_per_second = 0;
  } shown_;
  double shown_at_ = 0, epoch_begun_ = 0;
};

}  // namespace dha
