// A stage of trials: asks its trial searcher for trials, trains each in its own process and run directory, and tells
// the searcher the outcomes. The ledger of the stage records all of this, and a resumed run continues from it.
//
// The stage's folder is stages/<name>/ below the run directory: trials.jsonl (ledger), trials/<id>/ (the run of a
// trial), outcomes.json and architectures/<id>.json (the results of the search), and the searcher's artefacts. What the
// ledger has is also a study of the run's trials.journal.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/stage_view.hpp"
#include "dha/error.hpp"
#include "dha/trial_searcher.hpp"
#include "process/worker_pool.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_result.hpp"
#include "trial/ledger.hpp"
#include "trial/study_journal.hpp"
#include "trial/trial_files.hpp"

namespace dha {

// How trials are trained.
struct TrialLaunch {
  std::vector<std::string> command;  // `dha trial` with its options: the trial's directory comes last
  std::optional<int64_t> parallel;   // trials at a time, instead of the file's number
  std::vector<std::string> devices;  // names that trials take in turn; empty: the pipeline's own
};

// The files that a trial starts from.
struct TrialOrigin {
  std::string pipeline;              // of the stage or trial that wrote the checkpoint: the text of a pipeline file
  std::filesystem::path checkpoint;  // its last one
  std::vector<std::string> carry;
  CarryMode mode = CarryMode::kShared;
};

// Where a trial starts from, for a TrialStart that names no trial of this stage. Throws where there is nothing.
using FindOrigin = std::function<TrialOrigin(const Trial& trial)>;

class TrialStage {
 public:
  // `searcher` is attached to `space` and `stage`. References outlive the object.
  TrialStage(const RunContext& run, const StageConfig& config, TrialSearcher& searcher, const StageView& stage,
             const TrialLaunch& launch, FindOrigin find_origin);
  ~TrialStage();

  // Trains the remaining trials. A trial that fails is reported as failed; the others continue. The result is that of
  // the preferred outcome, with its test images measured, and its checkpoint becomes the stage's; its policy and
  // architecture are written to the run directory, and with `model` the model too. Throws Error{kCancelled} when the
  // user asks to stop, after every running trial has written a checkpoint; kDiverged if no trial finished; and errors
  // of a trial that are not its fault.
  StageResult run(bool model);

 private:
  // A trial that was asked for but not told yet.
  struct Open {
    Trial trial;
    std::map<int64_t, bool> decisions;  // of keep_going(), by epoch
    std::optional<int64_t> worker;
  };

  Study study() const;
  void record(const LedgerEvent& event, const std::string& error = "");
  std::string error_of(const LedgerEvent& event) const;
  void replay();
  void ask_again(const Trial& recorded);
  std::optional<Trial> ask();
  void remember(const Trial& trial);
  void fill_slots();
  void launch(Open& open);
  std::optional<TrialResult> refusal(const Trial& trial) const;
  void prepare(const Trial& trial, const StageConfig& config) const;
  std::optional<TrialStartFiles> start_files(const Trial& trial, const std::filesystem::path& directory) const;
  TrialOrigin origin_of(const Trial& trial) const;
  StageConfig config_of(const Trial& trial) const;
  void on_line(int64_t worker, std::string_view line);
  void on_end(int64_t worker, const WorkerEnd& end);
  void finish(int64_t id, const TrialResult& result);
  void tell(const TrialOutcome& outcome);
  void write_rows();
  void write_artefacts() const;
  void write_outcomes(const std::vector<int64_t>& ids) const;
  void drop_weights();
  ProgressLine progress_line() const;
  void show_progress();
  StageResult result(bool model) const;
  Error no_outcome() const;
  StageResult trained(int64_t id) const;
  State weights_of(int64_t id, const StageResult& result) const;
  std::filesystem::path folder() const;
  std::filesystem::path directory_of(int64_t id) const;
  Open& working(int64_t worker);

  const RunContext& run_;
  const StageConfig& config_;
  TrialSearcher& searcher_;
  const StageView& stage_;
  const TrialLaunch& launch_;
  FindOrigin find_origin_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<StudyJournal> journal_;
  std::map<int64_t, Open> open_;
  std::map<int64_t, TrialOutcome> told_;
  std::vector<int64_t> asked_;             // in order
  std::vector<int64_t> with_weights_;      // told trials that may have checkpoints
  size_t rows_ = 0;                        // of asked_ that have their row of metrics
  bool over_ = false;                      // the searcher has no more trials
  double images_per_epoch_ = 0;            // of a trial
  std::map<int64_t, std::string> errors_;  // reported by a worker before it ended
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace dha
