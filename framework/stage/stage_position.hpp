// The position of a stage, apart from its components and its network: everything else that a checkpoint needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/stage_data.hpp"
#include "dha/component.hpp"
#include "model/loss_scale.hpp"
#include "stage/epoch_totals.hpp"
#include "stage/prediction_files.hpp"
#include "stage/stage_measurements.hpp"

namespace dha {

// The network that a search's weight steps train (GatePurpose::kSearch), measured on validation images.
struct SupernetComparison {
  double accuracy = 0;
  double agreement = 0;  // share of the images that it and the derived network assign to the same class
};

struct StagePosition {
  explicit StagePosition(at::Device device) : epoch_totals(device), interval_totals(device) {}

  int64_t epoch = 0, step = 0;    // completed epochs, and steps of the current one
  int64_t last_epoch = 0;         // the stage ends before it
  int64_t planned_epochs = 0;     // of the whole stage
  bool components_ended = false;  // components have been told the epoch's end; an evaluation is still due
  bool over = false;              // nothing is left to train
  bool stopped = false;           // ended before its last epoch by the caller
  std::string architecture;       // as measured at the end, before the searcher decided the rest

  // Candidates that each choice of a search executed at the stage's start, and the choices that executed others when
  // the stage was over.
  std::vector<std::vector<int64_t>> first_choices;
  int64_t changed_choices = 0;

  double skip_share = 0;                       // of the last epoch: of all candidates that the search keeps
  std::optional<SupernetComparison> supernet;  // of the last epoch, if it was validated
  bool collapsed = false;                      // whether a cell keeps mostly skip connections (search_health.hpp)

  EpochTotals epoch_totals, interval_totals;  // of this epoch, and since the last row of steps
  EpochTotals::Means epoch_means;             // of the last epoch
  StageMeasurements measurements;
  EpochPredictions predictions;               // of this epoch, if they are kept
  std::map<std::string, double> step_values;  // the newest of each in this epoch's rows of steps

  double seconds = 0;           // of the whole stage
  double training_seconds = 0;  // of training, in the epochs that are over
  double epoch_seconds = 0;     // of training, in this epoch
  int64_t images_trained = 0;

  // Sets the total number of epochs, after restore(): a stage that had finished fewer epochs continues.
  void plan(int64_t epochs);

  // Adds itself, the positions of the feeds and the loss scale to a checkpoint: tensors below "trainer/", JSON at
  // "trainer".
  void save(const StageData& data, const LossScale& loss_scale, State& checkpoint) const;
  void restore(const State& checkpoint, StageData& data, LossScale& loss_scale);
};

}  // namespace dha
