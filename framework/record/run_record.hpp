// A run as its files tell it: plain values for reports, read without plugins, data or device.
//
// Whatever a run lacks (an older version, an interrupted or tidied-up run) is empty here; no file but pipeline.json has
// to exist.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/prediction_tables.hpp"

namespace dha {

struct Measured {
  double accuracy = 0, loss = 0;
  int64_t images = 0;
};

// A stage of the pipeline, and its result once it has one.
struct StageRecord {
  std::string name;
  int64_t planned_epochs = 0;
  bool has_trials = false;
  bool is_over = false;
  int64_t epochs = 0;  // trained
  double seconds = 0, images_per_second = 0;
  std::optional<Measured> validation, test;  // of the last epoch
  int64_t choices = 0, changed_choices = 0;  // of a search
};

// A row of an epoch or of steps. Values by the names of metrics.jsonl; those that are not finite are left out.
struct MetricRow {
  std::string stage;
  int64_t epoch = 0, step = 0;  // counted from 1; step 0: the whole epoch
  std::map<std::string, double> values;
};

// A learned policy over pairs of operations.
struct PolicyRecord {
  std::string augmenter, stage;
  std::vector<std::string> operations;
  std::vector<std::vector<double>> probabilities;  // [first operation][second operation]
};

// A trial that was asked for; `status` is empty while it has no outcome.
struct TrialRecord {
  std::string stage, status;
  int64_t id = 0, epochs = 0;
  double seconds = 0;
  std::map<std::string, double> values;                       // measurements and costs
  std::vector<std::pair<std::string, std::string>> settings;  // pointer below the stage, value
};

struct RunRecord {
  // pipeline.json
  std::string name, precision, dataset_id, dataset_path;
  std::string seed;      // digits
  std::string pipeline;  // all of it: JSON text, empty where the file is none
  std::vector<StageRecord> stages;

  // dataset.json; names of labels where the data set has none
  std::vector<std::string> class_names;
  std::vector<std::pair<std::string, int64_t>> images;  // of each split that has any, before limits
  std::string data_identity;                            // "identity": JSON text, empty if unknown

  // summary.json, stages.json
  bool is_finished = false;
  std::vector<std::pair<std::string, double>> costs;  // of the last stage that is over
  std::optional<double> peak_memory_bytes, unreadable_images;

  std::vector<MetricRow> epochs, steps;  // metrics.jsonl
  std::vector<PolicyRecord> policies;    // policy.json
  std::string architecture;              // architecture.json: JSON text
  std::string drawing;                   // architecture.svg
  std::vector<ImagePrediction> predictions;
  std::string early_augmented_png, late_augmented_png;  // the bytes of the files of picture_files.hpp
  std::string mistakes_png;                             // the bytes of mistakes.png
  std::vector<TrialRecord> trials;
  std::vector<std::pair<std::string, std::string>> environment;  // environment.json: key, value
  std::vector<std::pair<std::string, std::string>> plugins;      // name, version

  // Of the stage whose name is `name`; null if there is none.
  const StageRecord* stage(const std::string& name) const;
  // The rows of one split, in order.
  std::vector<ImagePrediction> predictions_of(const std::string& split) const;
};

// Reads the run directory `folder`. Files that are damaged count as absent.
RunRecord read_run(const std::filesystem::path& folder);

// The same, but only what pipeline.json, dataset.json, stages.json and summary.json tell: the rest is empty.
RunRecord read_outcome(const std::filesystem::path& folder);

// The outcome and the rows of epochs.
RunRecord read_epochs(const std::filesystem::path& folder);

}  // namespace dha
