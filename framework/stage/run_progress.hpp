// How far a run got, and which of its weights are meant: for messages, for summary.json and for model.json.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dha {

// Of the epochs whose weights a run keeps.
enum class Weights {
  kLast,
  kBest,  // by validation accuracy; of the last stage
};

// How far the run got, and which of its weights are used.
struct RunProgress {
  bool is_finished = false;  // all stages; the rest is of the last stage then
  std::string stage;
  Weights weights = Weights::kLast;
  int64_t epochs = 0, planned_epochs = 0;  // done with these weights, and of the stage
  int64_t steps = 0;                       // of the epoch after them
  bool is_decided = true;  // the architecture; else the network is that of all of them, as it is searched
};

// "last" or "best".
const char* name_of(Weights weights);

// "stage", "epochs", "planned_epochs", "steps" and "architecture_decided" of a run that has not finished.
nlohmann::ordered_json unfinished_json(const RunProgress& progress);

// The same after "finished" and "weights": of which weights a model/ is made.
nlohmann::ordered_json origin_json(const RunProgress& progress);

// Throws nlohmann::json::exception where `json` is not what origin_json() writes.
RunProgress progress_from_origin(const nlohmann::ordered_json& json);

}  // namespace dha
