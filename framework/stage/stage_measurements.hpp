// The evaluations of a stage: of its last epoch, and of the best one by validation accuracy.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "step/evaluate.hpp"

namespace dha {

struct StageMeasurements {
  std::optional<Measurement> validation, test;            // of the last epoch
  std::optional<int64_t> best_epoch;                      // by validation accuracy, counted from 1
  std::optional<Measurement> best_validation, best_test;  // of that epoch

  // Whether `validation` is better than that of all epochs before.
  bool is_best() const;

  // Makes `epoch`, counted from 1, with `validation` and `test` the best one.
  void note_best(int64_t epoch);
};

// The measurements of an epoch, by the names used in components and trial outcomes: the means of its training steps,
// and each metric of `validation`, if there is one, as "validation_" + its name.
Quantities epoch_quantities(double train_loss, double train_accuracy, const std::optional<Measurement>& validation);

// An object of the metrics with "images", null if there is none.
nlohmann::ordered_json to_json(const std::optional<Measurement>& measurement);
std::optional<Measurement> measurement_from_json(const nlohmann::ordered_json& json);

// Keys "validation", "test", "best_epoch", "best_validation", "best_test".
nlohmann::ordered_json to_json(const StageMeasurements& measurements);
StageMeasurements stage_measurements_from_json(const nlohmann::ordered_json& json);

}  // namespace dha
