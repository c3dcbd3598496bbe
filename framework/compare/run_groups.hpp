// Groups runs that repeat one pipeline with other seeds.
#pragma once

#include <string>
#include <vector>

#include "compare/compared_run.hpp"

namespace dha::compare {

// A run that no average contains.
struct LeftOutRun {
  ComparedRun run;
  std::string why;  // "unfinished", "diverged", or "repeated": another finished run of the group has its seed
};

// Runs with the same name, settings and conditions.
struct RunGroup {
  std::string label;              // the pipeline's name, made unique by settings in which groups of that name differ
  std::vector<ComparedRun> runs;  // finished, one per seed, in ascending order of seeds
  std::vector<LeftOutRun> left_out;
  Settings settings;
  Conditions conditions;
};

// In the order in which groups come first in `runs`. Of finished runs with the same seed, the group has the last one,
// because all of them are one measurement. A run that has not finished and whose data is unknown belongs to the first
// group that has its settings.
std::vector<RunGroup> group_runs(const std::vector<ComparedRun>& runs);

}  // namespace dha::compare
