#include "app/command_line.hpp"

#include <fmt/format.h>

#include <boost/program_options/parsers.hpp>
#include <iostream>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "process/program_name.hpp"

namespace dha::app {

namespace po = boost::program_options;

namespace {

std::string unknown_option(const po::options_description& known, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& option : known.options()) names.push_back("--" + option->long_name());
  const std::string near = nearest(name, names);
  return near.empty() ? fmt::format("unknown option '{}'", name)
                      : fmt::format("unknown option '{}'; did you mean '{}'?", name, near);
}

po::variables_map parse(const po::options_description& known, const po::positional_options_description& positional,
                        const std::vector<std::string>& arguments) {
  // Without guessing, so that a script that abbreviates does not break when an option is added.
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::variables_map values;
  po::store(po::command_line_parser(arguments).options(known).positional(positional).style(style).run(), values);
  po::notify(values);
  return values;
}

}  // namespace

std::optional<po::variables_map> parse_command_line(const Command& command, const po::options_description& options,
                                                    const std::vector<std::string>& arguments,
                                                    const po::options_description& hidden,
                                                    const po::positional_options_description& positional) {
  po::options_description shown("Options");
  shown.add(options);
  shown.add_options()("quiet,q", "print only results, warnings and errors")("help,h", "print this help");
  po::options_description known;
  known.add(shown).add(hidden);
  const auto refuse = [&](const std::string& text) {
    return Error(ErrorCode::kUsage, fmt::format("{0}: {1}; see '{2} help {0}'", command.name, text, program_name()));
  };
  try {
    po::variables_map values = parse(known, positional, arguments);
    if (values.count("help") == 0) return values;
  } catch (const po::unknown_option& e) {
    throw refuse(unknown_option(known, e.get_option_name()));
  } catch (const po::too_many_positional_options_error&) {
    throw refuse("too many arguments");
  } catch (const po::error& e) {
    throw refuse(e.what());
  }
  std::cout << "usage: " << program_name() << " " << command.synopsis << "\n\n"
            << command.summary << "\n"
            << command.details << "\n"
            << shown;
  return std::nullopt;
}

bool is_quiet(const po::variables_map& values) { return values.count("quiet") != 0; }

Error missing_argument(const Command& command, const char* problem, const char* argument) {
  return {ErrorCode::kUsage, fmt::format("{0}: {1} ({2} {0} {3})", command.name, problem, program_name(), argument)};
}

}  // namespace dha::app
