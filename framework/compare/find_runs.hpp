// Finds the run directories that an argument of the command line names.
#pragma once

#include <filesystem>
#include <vector>

namespace dha::compare {

// A run directory, or all of those at any depth below a folder, sorted by path; absolute and without links. Links below
// the folder (`latest`) are not followed, and runs are not searched for runs, so that trials are none. Throws
// Error{kUsage} if there is no run, if the folder is that of a trial or does not exist, and Error{kIo} if a folder
// cannot be read.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& argument);

// The same, without errors for arguments that are or contain no run: none of them.
std::vector<std::filesystem::path> runs_within(const std::filesystem::path& argument);

// Of all arguments, in their order, each once.
std::vector<std::filesystem::path> find_runs(const std::vector<std::filesystem::path>& arguments);

}  // namespace dha::compare
