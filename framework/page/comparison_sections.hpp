// The parts of a comparison's page, each from one of its tables; one that would say nothing is empty.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace dha::page {

// A table of a comparison with what else its parts need.
struct ComparedTable {
  compare::ComparisonTable table;
  std::vector<compare::LeftOutRow> left_out;  // of the groups of the table
  std::filesystem::path root;                 // the folder that has all runs of the comparison in it
  size_t most_runs = 0;                       // of a group that tables and drawings have
};

// HTML.
std::string groups_part(const ComparedTable& compared);
std::string settings_part(const ComparedTable& compared);
std::string tests_part(const ComparedTable& compared);
std::string charts_part(const ComparedTable& compared);
std::string runs_part(const ComparedTable& compared);

}  // namespace dha::page
