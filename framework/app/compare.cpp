// `dha compare A B …`: compares runs over their seeds, from their files alone.
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/comparison_options.hpp"
#include "compare/find_runs.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  add_comparison_options(visible);
  add_format_options(visible);
  hidden.add_options()("run", options::value<std::vector<std::string>>());
  options::positional_options_description positional;
  positional.add("run", -1);
  const auto values = parse_command_line(kCompareCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kCompareCommand, "missing run directories", "A B");
  check_format_options(*values);

  const auto given = (*values)["run"].as<std::vector<std::string>>();
  const std::vector<std::filesystem::path> folders(given.begin(), given.end());
  print_comparison(compare::compare_runs(compare::find_runs(folders), comparison_options(*values)), *values);
  return kDone;
}

}  // namespace

const Command kCompareCommand{"compare",
                              "compare A B … [--baseline NAME] [--format text|markdown|csv] [--json] [--mix]",
                              "compare runs over their seeds: averages, settings that differ, tests", run};

}  // namespace dha::app
