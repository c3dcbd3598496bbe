// metrics.csv: the epochs of metrics.jsonl as a table, for a spreadsheet or a plot.
#pragma once

#include <filesystem>

namespace dha {

inline constexpr const char* kEpochTableFile = "metrics.csv";

// Writes the table into `folder`, which has a metrics.jsonl: one row per epoch, one column per number that any epoch
// has, empty where an epoch has none. Values that are no numbers, such as reports of searchers, are left out. Throws
// Error{kIo}.
void write_epoch_table(const std::filesystem::path& folder);

}  // namespace dha
