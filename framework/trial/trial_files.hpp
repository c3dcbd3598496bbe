// The two files that a run and a trial exchange in the trial's directory: trial.json describes the trial, outcome.json
// its outcome.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

inline constexpr const char* kTrialFile = "trial.json";
inline constexpr const char* kOutcomeFile = "outcome.json";

// The location of a trial's starting state. Files are relative to the trial's directory.
struct TrialStartFiles {
  std::string pipeline = "start.json";
  std::string checkpoint = "start.safetensors";
  std::vector<std::string> carry;  // of "weights", "momentum", "hyper", "augment"
  CarryMode mode = CarryMode::kShared;
};

// The content of trial.json.
struct TrialTask {
  int64_t id = 0;
  std::string stage;        // name of the stage that it is a trial of
  std::string path;         // of its components, from which their random generators are seeded
  int64_t first_epoch = 0;  // of the stage's epochs
  std::optional<int64_t> last_epoch;
  std::string settings = "{}";  // the trial's settings, for its outcome: JSON object
  int64_t threads = 1;          // compute threads
  std::optional<TrialStartFiles> start;
};

// The content of outcome.json.
struct TrialResult {
  TrialOutcome outcome;
  std::string settings = "{}";  // as the trial had them: JSON object
  std::string architecture;     // JSON text; empty if unknown
  std::string error;            // one sentence; only of a trial that failed or was rejected
};

// Write the file into `directory`, whole or not at all. Throw Error{kIo}. Settings and an architecture
// that are not JSON are written as text.
void write_trial_task(const std::filesystem::path& directory, const TrialTask& task);
void write_trial_result(const std::filesystem::path& directory, const TrialResult& result);

// Throw Error{kData} that names the file if it cannot be read or is not of this format.
TrialTask read_trial_task(const std::filesystem::path& directory);
TrialResult read_trial_result(const std::filesystem::path& directory);

}  // namespace dha
