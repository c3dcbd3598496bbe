// What a comparison knows of a run, read from the files of its directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/settings.hpp"

namespace dha::compare {

enum class RunStatus { kFinished, kUnfinished, kDiverged };

// Runs are comparable where these agree: name ("planned epochs") and value ("3", "" if unknown), always the same names
// in the same order, the data first.
using Conditions = std::vector<std::pair<std::string, std::string>>;

struct ComparedRun {
  std::filesystem::path folder;
  std::string name;
  std::string seed;  // digits
  RunStatus status = RunStatus::kUnfinished;
  std::string reason;  // why it has not finished: a sentence
  // Of the pipeline, without what differs between runs of one pipeline: the seed, the place of the data, and keys
  // that change no result (checkpoints, loader threads, the number of a device).
  Settings settings;
  Conditions conditions;
  // Of the last stage's last epoch, in [0, 1]; empty where it was not measured.
  std::optional<double> test_accuracy, validation_accuracy;
  std::optional<double> parameters, multiply_adds;  // of the last stage's architecture
  double seconds = 0;                               // of all stages that are over
};

// Throws Error{kData} that names the file if pipeline.json cannot be read or is none. Whatever else is missing or
// damaged is empty, and the run unfinished.
ComparedRun read_compared_run(const std::filesystem::path& folder);

}  // namespace dha::compare
