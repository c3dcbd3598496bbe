// Compares groups of runs: averages over seeds, settings in which they differ, tests against a baseline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compare/run_groups.hpp"
#include "compare/settings.hpp"
#include "compare/statistics.hpp"

namespace dha::compare {

// A group in numbers. Averages are over finished runs, one per seed; accuracies in [0, 1].
struct GroupRow {
  std::string label;
  std::vector<ComparedRun> runs;  // finished, one per seed, in ascending order of seeds
  int64_t unfinished = 0, diverged = 0, repeated = 0;
  Spread test_accuracy, validation_accuracy, parameters, multiply_adds, seconds;
};

// A group against the baseline: differences are group - baseline.
struct AgainstBaseline {
  std::string label;
  TestOutcome welch, paired;  // the latter over the seeds that both have
};

// Groups with the same data, split and budget, or all groups.
struct ComparisonTable {
  std::string conditions;  // a sentence on what is particular or mixed; empty if all runs of the comparison agree
  std::vector<GroupRow> groups;
  std::vector<Difference> settings;  // values in the order of `groups`
  std::string metric;                // what is tested: "test accuracy", or "validation accuracy" without test images
  std::string baseline;              // label; empty without tests
  std::vector<AgainstBaseline> tests;
  std::string no_tests;  // why there are none: a sentence
};

struct LeftOutRow {
  std::string folder, label, seed, why, reason;  // reason: a sentence, may be empty
};

struct Comparison {
  std::vector<ComparisonTable> tables;
  std::vector<LeftOutRow> left_out;
};

// Of the finished runs.
std::vector<std::string> seeds_of(const GroupRow& row);

struct ComparisonOptions {
  std::string baseline;  // label of a group, or a name that only one group has; empty: the first group of each table
  bool mix = false;      // one table, whatever data, split and budget are
};

// `runs`: run directories in the order of the result. Throws Error{kUsage} if no group is the baseline, and the errors
// of read_compared_run().
Comparison compare_runs(const std::vector<std::filesystem::path>& runs, const ComparisonOptions& options);

// The same of groups.
Comparison compare_groups(const std::vector<RunGroup>& groups, const ComparisonOptions& options);

}  // namespace dha::compare
