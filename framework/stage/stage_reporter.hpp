// The output of a stage while it trains: rows of metrics.jsonl, hyper.csv and tensorboard/, lines of the log, the
// progress bar.
#pragma once

#include <limits>
#include <nlohmann/json_fwd.hpp>

#include "component/stage_parts.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_position.hpp"
#include "stage/stage_work.hpp"

namespace dha {

class StageReporter {
 public:
  // References outlive the object. `steps`: per epoch.
  StageReporter(const RunContext& run, const StageParts& parts, int64_t steps)
      : run_(run), parts_(parts), steps_(steps) {}

  // Begins an epoch, or the rest of a resumed one.
  void begin_epoch(const StagePosition& position, double now);

  // A row of steps, after each log_every of them and at the end of an epoch. `seconds`: of the stage so far. Returns
  // the means since the last row.
  EpochTotals::Means write_steps(StagePosition& position, double now, double seconds);

  // The progress bar, once a second and at the end of an epoch.
  void show_progress(const StagePosition& position, double now);

  // The images of the current epoch's validation have been measured.
  void note_validation(const StagePosition& position);

  // The epoch is over with all that belongs to it.
  void note_epoch_end();

  // Writes the row and the line of a finished epoch.
  void write_epoch(const StagePosition& position, const EpochOutcome& outcome, double seconds);

 private:
  enum class HyperRows { kWrite, kNone };  // whether hyper.csv gets the hyper-optimizer's values
  ProgressLine progress_line(const StagePosition& position) const;
  double seconds_left(const StagePosition& position, const EpochRange& range) const;
  nlohmann::ordered_json component_values(const StagePosition& position, EpochTotals::Means& interval, HyperRows rows);

  const RunContext& run_;
  const StageParts& parts_;
  int64_t steps_;
  double epoch_begun_ = 0, interval_begun_ = 0, shown_at_ = 0;
  int64_t images_before_ = 0;  // that the stage had trained when the epoch, or the rest of it, began
  int64_t images_noted_ = 0;   // of images_trained, for the estimate
  struct Shown {
    double loss = std::numeric_limits<double>::quiet_NaN(), accuracy = loss, images_per_second = 0;
  } shown_;
};

}  // namespace dha
