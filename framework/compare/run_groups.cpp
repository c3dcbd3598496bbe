#include "compare/run_groups.hpp"

#include <algorithm>
#include <map>

#include "compare/labels.hpp"

namespace dha::compare {

namespace {

bool is_data_known(const Conditions& conditions) { return !conditions.empty() && !conditions.front().second.empty(); }

bool belongs_to(const ComparedRun& run, const RunGroup& group) {
  return run.settings == group.settings &&
         (run.conditions == group.conditions || !is_data_known(run.conditions) || !is_data_known(group.conditions));
}

RunGroup& group_of(const ComparedRun& run, std::vector<RunGroup>& groups) {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const RunGroup& group) { return belongs_to(run, group); });
  if (found == groups.end()) return groups.emplace_back(RunGroup{"", {}, {}, run.settings, run.conditions});
  if (!is_data_known(found->conditions)) found->conditions = run.conditions;
  return *found;
}

// Digits, which may have any length.
bool is_smaller(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void take_finished(const ComparedRun& run, RunGroup& group) {
  const auto same = std::find_if(group.runs.begin(), group.runs.end(),
                                 [&](const ComparedRun& other) { return other.seed == run.seed; });
  if (same == group.runs.end()) return group.runs.push_back(run);
  group.left_out.push_back({*same, "repeated"});
  *same = run;
}

}  // namespace

std::vector<RunGroup> group_runs(const std::vector<ComparedRun>& runs) {
  std::vector<RunGroup> groups;
  for (const ComparedRun& run : runs) {
    RunGroup& group = group_of(run, groups);
    if (run.status == RunStatus::kFinished)
      take_finished(run, group);
    else
      group.left_out.push_back({run, run.status == RunStatus::kDiverged ? "diverged" : "unfinished"});
  }
  for (RunGroup& group : groups)
    std::sort(group.runs.begin(), group.runs.end(),
              [](const ComparedRun& a, const ComparedRun& b) { return is_smaller(a.seed, b.seed); });
  label_groups(groups);
  return groups;
}

}  // namespace dha::compare
