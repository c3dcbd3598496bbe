// The files of a run that grow row by row, record by record or line by line; truncates them to the position of a
// checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "storage/run_directory.hpp"

namespace dha {

// The journal of a run's studies, for Optuna (trial/study_journal.hpp).
inline constexpr const char* kJournalFile = "trials.journal";

// Sizes (bytes) of metrics.jsonl, hyper.csv, the events for TensorBoard and the journal, for a checkpoint.
std::map<std::string, uint64_t> growing_files(const RunDirectory& directory);

// Truncates them to `sizes`, to nothing if there is none, so that a resumed run writes the same files as an
// uninterrupted one. Throws Error{kIo}.
void cut_growing_files(const RunDirectory& directory, const std::map<std::string, uint64_t>& sizes);

}  // namespace dha
