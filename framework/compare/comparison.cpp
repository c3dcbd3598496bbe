#include "compare/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dha/error.hpp"

namespace dha::compare {

namespace {

using Value = std::optional<double> ComparedRun::*;
using Groups = std::vector<const RunGroup*>;

std::vector<double> values_of(const RunGroup& group, Value value) {
  std::vector<double> values;
  for (const ComparedRun& run : group.runs)
    if (run.*value) values.push_back(*(run.*value));
  return values;
}

GroupRow row_of(const RunGroup& group) {
  GroupRow row;
  row.label = group.label;
  row.runs = group.runs;
  std::vector<double> seconds;
  for (const ComparedRun& run : group.runs) seconds.push_back(run.seconds);
  for (const LeftOutRun& one : group.left_out) {
    row.unfinished += one.why == "unfinished";
    row.diverged += one.why == "diverged";
    row.repeated += one.why == "repeated";
  }
  row.test_accuracy = spread_of(values_of(group, &ComparedRun::test_accuracy));
  row.validation_accuracy = spread_of(values_of(group, &ComparedRun::validation_accuracy));
  row.parameters = spread_of(values_of(group, &ComparedRun::parameters));
  row.multiply_adds = spread_of(values_of(group, &ComparedRun::multiply_adds));
  row.seconds = spread_of(seconds);
  return row;
}

TestOutcome paired_over_seeds(const RunGroup& group, const RunGroup& baseline, Value value) {
  std::vector<double> values, others;
  for (const ComparedRun& run : group.runs)
    for (const ComparedRun& other : baseline.runs)
      if (run.seed == other.seed && run.*value && other.*value) {
        values.push_back(*(run.*value));
        others.push_back(*(other.*value));
      }
  return paired_test(values, others);
}

// The known values of a condition, each once.
std::vector<std::string> known_values(const Groups& groups, size_t condition) {
  std::vector<std::string> values;
  for (const RunGroup* group : groups) {
    const std::string& value = group->conditions.at(condition).second;
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

// The conditions in which groups differ, by their index.
std::vector<size_t> differing_conditions(const Groups& groups) {
  std::vector<size_t> differing;
  for (size_t i = 0; i < groups.front()->conditions.size(); ++i)
    if (known_values(groups, i).size() > 1) differing.push_back(i);
  return differing;
}

// Without contradiction: the data of a run that ended before it had opened them is unknown.
bool agree(const Conditions& a, const Conditions& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b.at(i) && !a[i].second.empty() && !b.at(i).second.empty()) return false;
  return true;
}

std::string particular(const Groups& groups, const std::vector<size_t>& differing) {
  std::vector<std::string> parts;
  for (const size_t i : differing) {
    const std::vector<std::string> values = known_values(groups, i);
    parts.push_back(
        fmt::format("{} {}", groups.front()->conditions.at(i).first, values.empty() ? "unknown" : values.front()));
  }
  return fmt::format("Runs with other data, split or budget are compared apart; these have {}.",
                     fmt::join(parts, ", "));
}

std::string mixed(const Groups& groups, const std::vector<size_t>& differing) {
  std::vector<std::string> parts;
  for (const size_t i : differing) {
    const std::vector<std::string> values = known_values(groups, i);
    parts.push_back(fmt::format("{} ({})", groups.front()->conditions.at(i).first, fmt::join(values, "; ")));
  }
  return fmt::format("The groups differ in {}, which may explain differences of their results.",
                     fmt::join(parts, ", "));
}

// Groups that may be compared, in order.
std::vector<Groups> comparable(const Groups& all, bool mix) {
  if (mix) return {all};
  std::vector<Groups> tables;
  for (const RunGroup* group : all) {
    const auto same = std::find_if(tables.begin(), tables.end(), [&](const Groups& table) {
      return agree(table.front()->conditions, group->conditions);
    });
    if (same == tables.end())
      tables.push_back({group});
    else
      same->push_back(group);
  }
  return tables;
}

const RunGroup* find_baseline(const Groups& groups, const std::string& wanted) {
  const auto labelled =
      std::find_if(groups.begin(), groups.end(), [&](const RunGroup* group) { return group->label == wanted; });
  if (labelled != groups.end()) return *labelled;
  const RunGroup* found = nullptr;
  std::vector<std::string> labels;
  for (const RunGroup* group : groups) {
    labels.push_back("'" + group->label + "'");
    const bool has_name = group->label.starts_with(wanted + " (");
    if (has_name && found != nullptr)
      throw Error(ErrorCode::kUsage,
                  fmt::format("--baseline: several groups have the name '{}'; give the label of one, "
                              "such as '{}'",
                              wanted, found->label));
    if (has_name) found = group;
  }
  if (found != nullptr) return found;
  throw Error(ErrorCode::kUsage, fmt::format("--baseline: no group is called '{}'; there {} {}", wanted,
                                             labels.size() == 1 ? "is" : "are", fmt::join(labels, ", ")));
}

void test_against(const Groups& groups, const RunGroup* baseline, ComparisonTable& table) {
  const bool has_test = std::any_of(groups.begin(), groups.end(), [](const RunGroup* group) {
    return !values_of(*group, &ComparedRun::test_accuracy).empty();
  });
  table.metric = has_test ? "test accuracy" : "validation accuracy";
  if (groups.size() < 2) {
    table.no_tests = "There is no other group to test against.";
    return;
  }
  if (std::find(groups.begin(), groups.end(), baseline) == groups.end()) {
    table.no_tests = fmt::format("The baseline '{}' has other data, another split or another budget.", baseline->label);
    return;
  }
  const Value value = has_test ? &ComparedRun::test_accuracy : &ComparedRun::validation_accuracy;
  table.baseline = baseline->label;
  for (const RunGroup* group : groups)
    if (group != baseline)
      table.tests.push_back({group->label, welch_test(values_of(*group, value), values_of(*baseline, value)),
                             paired_over_seeds(*group, *baseline, value)});
}

ComparisonTable table_of(const Groups& groups, const RunGroup* baseline) {
  ComparisonTable table;
  std::vector<const Settings*> settings;
  for (const RunGroup* group : groups) {
    table.groups.push_back(row_of(*group));
    settings.push_back(&group->settings);
  }
  table.settings = differences(settings);
  std::erase_if(table.settings, [](const Difference& one) { return one.pointer == "/name"; });  // it is in the labels
  test_against(groups, baseline != nullptr ? baseline : groups.front(), table);
  return table;
}

}  // namespace

std::vector<std::string> seeds_of(const GroupRow& row) {
  std::vector<std::string> seeds;
  for (const ComparedRun& run : row.runs) seeds.push_back(run.seed);
  return seeds;
}

Comparison compare_groups(const std::vector<RunGroup>& groups, const ComparisonOptions& options) {
  Comparison comparison;
  Groups all;
  for (const RunGroup& group : groups) {
    all.push_back(&group);
    for (const LeftOutRun& one : group.left_out)
      comparison.left_out.push_back(
          {one.run.folder.string(), group.label, one.run.seed, one.why, one.why == "repeated" ? "" : one.run.reason});
  }
  if (all.empty()) return comparison;
  const RunGroup* baseline = options.baseline.empty() ? nullptr : find_baseline(all, options.baseline);
  const std::vector<size_t> differing = differing_conditions(all);
  for (const Groups& of_table : comparable(all, options.mix)) {
    comparison.tables.push_back(table_of(of_table, baseline));
    if (!differing.empty())
      comparison.tables.back().conditions = options.mix ? mixed(of_table, differing) : particular(of_table, differing);
  }
  return comparison;
}

Comparison compare_runs(const std::vector<std::filesystem::path>& runs, const ComparisonOptions& options) {
  std::vector<ComparedRun> read;
  for (const std::filesystem::path& run : runs) read.push_back(read_compared_run(run));
  return compare_groups(group_runs(read), options);
}

}  // namespace dha::compare
