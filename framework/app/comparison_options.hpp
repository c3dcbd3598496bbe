// The options of verbs that compare runs.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "compare/comparison.hpp"

namespace dha::app {

// Adds --baseline and --mix.
void add_comparison_options(boost::program_options::options_description& options);

// What they ask for.
compare::ComparisonOptions comparison_options(const boost::program_options::variables_map& values);

// Adds --format and --json.
void add_format_options(boost::program_options::options_description& options);

// Throws Error{kUsage} for another format than text, markdown and csv, and for --json together with --format.
void check_format_options(const boost::program_options::variables_map& values);

// Prints to standard output in the format that was asked for.
void print_comparison(const compare::Comparison& comparison, const boost::program_options::variables_map& values);

}  // namespace dha::app
