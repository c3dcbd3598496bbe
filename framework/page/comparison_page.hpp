// The page that compares runs: comparison.html, one file that needs no other.
#pragma once

#include <string>

#include "compare/comparison.hpp"

namespace dha::page {

inline constexpr const char* kComparisonFile = "comparison.html";

// Depends on nothing but its argument and the files of the runs in it, from which the curves come. Of very many runs,
// averages and tests have all, tables and drawings the first of each group.
std::string page_of(const compare::Comparison& comparison);

}  // namespace dha::page
