// The options of verbs that print a comparison of runs.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace dha::app {

// Adds --baseline, --format, --json and --mix.
void add_comparison_options(boost::program_options::options_description& options);

// Throws Error{kUsage} for another format than text, markdown and csv, and for --json together with --format.
void check_comparison_options(const boost::program_options::variables_map& values);

// Compares the runs and prints the result to standard output. Throws the errors of compare_runs().
void print_comparison(const std::vector<std::filesystem::path>& runs,
                      const boost::program_options::variables_map& values);

}  // namespace dha::app
