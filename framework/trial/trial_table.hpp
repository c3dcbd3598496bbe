// The trials of a run as a table, read from the ledgers of its stages: trials.csv.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dha/trial_searcher.hpp"

namespace dha {

inline constexpr const char* kTrialTableFile = "trials.csv";

// A trial that was asked for, and its outcome if it has one.
struct TrialRow {
  std::string stage;
  Trial trial;
  std::optional<TrialOutcome> outcome;
};

// Of the run directory `folder`, in the order of `stages` and of the ledgers. Stages without a readable ledger are left
// out.
std::vector<TrialRow> read_trials(const std::filesystem::path& folder, const std::vector<std::string>& stages);

// Writes trials.csv into `folder`: one row per trial with an outcome, and one column per measurement, cost and setting
// (a JSON pointer below the stage). Writes nothing if no stage has a ledger. Throws Error{kIo}.
void write_trial_table(const std::filesystem::path& folder, const std::vector<std::string>& stages);

}  // namespace dha
