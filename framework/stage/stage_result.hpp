// The result of a stage, as values and as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/open_dataset.hpp"
#include "dha/quantities.hpp"
#include "stage/stage_measurements.hpp"

namespace dha {

// One of the resulting trials of a stage.
struct StageOutcome {
  int64_t trial = 0;
  std::string directory;        // of the trial's run, relative to the run directory
  std::string checkpoint;       // its last one, relative to the run directory
  std::string settings = "{}";  // that it was trained with: JSON object, pointer below the stage to value
};

struct StageResult {
  std::string name;
  std::string checkpoint;       // file of the last one, relative to the run directory
  std::string best_checkpoint;  // of the best epoch, relative to the run directory; empty if it is not kept
  int64_t epochs = 0;           // trained
  int64_t steps = 0;            // that the run itself trained; 0 of a stage of trials
  bool was_stopped = false;     // by the caller, before its last epoch
  double seconds = 0;
  double images_per_second = 0;               // training steps of the whole stage
  double train_loss = 0, train_accuracy = 0;  // of the last epoch
  StageMeasurements measurements;
  std::string architecture;     // JSON text
  int64_t choices = 0;          // of a search
  int64_t changed_choices = 0;  // those that execute other candidates at the end than at the start
  Quantities cost;
  std::string settings = "{}";            // found by trials, that it was trained with: JSON object, as an outcome's
  std::vector<StageOutcome> outcomes;     // of a stage of trials, the preferred one first, whose result this is
  std::map<std::string, uint64_t> files;  // sizes (bytes) at its end of the run's files that grow
  std::vector<ImageId> unreadable;        // that were left out of the run by its end
  int64_t unreadable_at_open = 0;         // images that the data set left out before
};

nlohmann::ordered_json to_json(const StageResult& result);
StageResult stage_result_from_json(const nlohmann::ordered_json& json);

}  // namespace dha
