// What a stage came to, as values and as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/open_dataset.hpp"
#include "dha/architecture.hpp"
#include "step/evaluate.hpp"

namespace dha {

struct StageResult {
  std::string name;
  std::string checkpoint;  // file of the last one, relative to the run directory
  int64_t epochs = 0;      // trained
  double seconds = 0;
  double images_per_second = 0;                           // training steps of the whole stage
  double train_loss = 0, train_accuracy = 0;              // of the last epoch
  std::optional<Measurement> validation, test;            // of the last epoch
  std::optional<int64_t> best_epoch;                      // by validation accuracy, counted from 1
  std::optional<Measurement> best_validation, best_test;  // of that epoch
  std::string architecture;                               // JSON text
  Cost cost;
  std::map<std::string, uint64_t> files;  // sizes (bytes) at its end of the run's files that grow
  std::vector<ImageId> unreadable;        // that were left out of the run by its end
};

nlohmann::ordered_json to_json(const std::optional<Measurement>& measurement);  // null where there is none
std::optional<Measurement> measurement_from_json(const nlohmann::ordered_json& json);

nlohmann::ordered_json to_json(const StageResult& result);
StageResult stage_result_from_json(const nlohmann::ordered_json& json);

}  // namespace dha
