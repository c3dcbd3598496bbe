// `dha report RUN` and `dha report A B …`: writes the page of a run, or the page that compares several, from their
// files alone.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/comparison_options.hpp"
#include "app/standard_output.hpp"
#include "app/verb_console.hpp"
#include "compare/find_runs.hpp"
#include "dha/error.hpp"
#include "page/comparison_page.hpp"
#include "page/page.hpp"
#include "page/page_file.hpp"
#include "process/long_work.hpp"
#include "storage/atomic_file.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_lock.hpp"

namespace dha::app {

namespace {

namespace fs = std::filesystem;
namespace options = boost::program_options;
using Json = nlohmann::ordered_json;

page::RunState state_of(const RunRecord& record, const RunDirectory& directory) {
  if (record.is_finished) return page::RunState::kFinished;
  return is_locked(directory) ? page::RunState::kRunning : page::RunState::kInterrupted;
}

const char* name_of(page::RunState state) {
  if (state == page::RunState::kFinished) return "finished";
  return state == page::RunState::kRunning ? "running" : "interrupted";
}

fs::path output_of(const options::variables_map& values, const fs::path& otherwise) {
  if (values.count("output") == 0) return otherwise;
  const std::string given = values["output"].as<std::string>();
  if (given.empty()) throw Error(ErrorCode::kUsage, "report: --output must name a file, found ''");
  return fs::absolute(given);
}

// Where the page is; `facts`: of the page, for programs.
void print(const fs::path& output, const Json& facts, const options::variables_map& values) {
  if (values.count("json") > 0) {
    Json json{{"page", output.string()}};
    json.update(facts);
    print_output("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  } else if (!is_quiet(values)) {
    print_output("report        {}\n", output.string());
  }
}

page::RunState write_run_page(const RunDirectory& directory, const fs::path& output,
                              const options::variables_map& values) {
  const VerbConsole shown(values);
  const LongWork work("writing " + output.filename().string());
  const RunRecord record = read_run(directory.path());
  const page::RunState state = state_of(record, directory);
  const std::string html = page::page_of(record, state);
  if (values.count("output") > 0)
    page::write_page(output, html);
  else
    write_file_atomically(output, html);  // the run's own file
  return state;
}

void report_run(const fs::path& folder, const options::variables_map& values) {
  const RunDirectory directory = RunDirectory::open(folder);
  if (!values["baseline"].defaulted() || values.count("mix") > 0)
    throw Error(ErrorCode::kUsage,
                fmt::format("report: --baseline and --mix are for comparisons, and '{}' is one run; name several runs, "
                            "or a folder that contains some",
                            folder.string()));
  const fs::path output = output_of(values, directory.file(page::kPageFile));
  print(output, {{"state", name_of(write_run_page(directory, output, values))}}, values);
}

void write_comparison(const std::vector<fs::path>& runs, const fs::path& output, const options::variables_map& values) {
  const VerbConsole shown(values);
  const LongWork work("writing " + output.filename().string());
  page::write_page(output, page::page_of(compare::compare_runs(runs, comparison_options(values))));
}

void report_comparison(const std::vector<fs::path>& folders, const options::variables_map& values) {
  const fs::path output = output_of(values, fs::absolute(page::kComparisonFile));
  const std::vector<fs::path> runs = compare::find_runs(folders);
  write_comparison(runs, output, values);
  print(output, {{"runs", runs.size()}}, values);
}

// One folder that is a run, or as good as none, has a page of its own; one that contains runs is a comparison.
bool is_comparison(const std::vector<fs::path>& folders) {
  if (folders.size() > 1) return true;
  const std::vector<fs::path> runs = compare::runs_within(folders.front());
  return !runs.empty() && runs.front() != fs::canonical(folders.front());
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("output,o", options::value<std::string>()->value_name("FILE"),
                        "the page to write; default: report.html of the run, or comparison.html in this folder")(
      "json", "print JSON");
  add_comparison_options(visible);
  hidden.add_options()("run", options::value<std::vector<std::string>>());
  options::positional_options_description positional;
  positional.add("run", -1);
  const auto values = parse_command_line(kReportCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kReportCommand, "missing run directory", "RUN");

  const auto given = (*values)["run"].as<std::vector<std::string>>();
  const std::vector<fs::path> folders(given.begin(), given.end());
  if (is_comparison(folders))
    report_comparison(folders, *values);
  else
    report_run(folders.front(), *values);
  return kDone;
}

}  // namespace

const Command kReportCommand{"report", "report RUN… [--output FILE] [--baseline NAME] [--mix] [--json]",
                             "write the page that tells the story of a run, or compares several", run};

}  // namespace dha::app
