// Parses the arguments of a verb, in the same way for all verbs.
//
//   options_description options("Options");
//   options.add_options()("json", "print JSON");
//   const auto values = parse_command_line(kPluginsCommand, options, {}, arguments);
//   if (!values) return kDone;  // the help was asked for and printed
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "dha/error.hpp"

namespace dha::app {

// The help shows `options`; `positional` names the `hidden` options that take arguments without a dash.
// Adds --help, which prints the command's synopsis, summary and options; then the result is empty. Adds --quiet.
// Throws Error{kUsage} naming verb and argument, with the nearest known option for an unknown one.
std::optional<boost::program_options::variables_map> parse_command_line(
    const Command& command, const boost::program_options::options_description& options,
    const std::vector<std::string>& arguments, const boost::program_options::options_description& hidden = {},
    const boost::program_options::positional_options_description& positional = {});

// Whether --quiet was given: only results, warnings and errors are printed.
bool is_quiet(const boost::program_options::variables_map& values);

// Error{kUsage} for a verb without its required argument: "cost: missing pipeline file (dha cost PIPELINE)".
Error missing_argument(const Command& command, const char* problem, const char* argument);

}  // namespace dha::app
