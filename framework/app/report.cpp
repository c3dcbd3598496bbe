// `dha report RUN`: writes the page of a run, from its files alone.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/verb_console.hpp"
#include "dha/error.hpp"
#include "page/page.hpp"
#include "process/long_work.hpp"
#include "storage/atomic_file.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_lock.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

page::RunState state_of(const page::RunRecord& record, const RunDirectory& directory) {
  if (record.is_finished) return page::RunState::kFinished;
  return is_locked(directory) ? page::RunState::kRunning : page::RunState::kInterrupted;
}

const char* name_of(page::RunState state) {
  if (state == page::RunState::kFinished) return "finished";
  return state == page::RunState::kRunning ? "running" : "interrupted";
}

std::filesystem::path output_of(const options::variables_map& values, const RunDirectory& directory) {
  if (values.count("output") == 0) return directory.file(page::kPageFile);
  const std::string given = values["output"].as<std::string>();
  if (given.empty()) throw Error(ErrorCode::kUsage, "report: --output must name a file, found ''");
  return std::filesystem::absolute(given);
}

page::RunState write_page(const RunDirectory& directory, const std::filesystem::path& output,
                          const options::variables_map& values) {
  const VerbConsole shown(values);
  const LongWork work("writing " + output.filename().string());
  const page::RunRecord record = page::read_run(directory.path());
  const page::RunState state = state_of(record, directory);
  write_file_atomically(output, page::page_of(record, state));
  return state;
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("output,o", options::value<std::string>()->value_name("FILE"),
                        "the page to write; default: report.html of the run")("json", "print JSON");
  hidden.add_options()("run", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_command_line(kReportCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kReportCommand, "missing run directory", "RUN");

  const RunDirectory directory = RunDirectory::open((*values)["run"].as<std::string>());
  const std::filesystem::path output = output_of(*values, directory);
  const page::RunState state = write_page(directory, output, *values);
  if (values->count("json") > 0)
    fmt::print("{}\n", nlohmann::ordered_json{{"page", output.string()}, {"state", name_of(state)}}.dump(2));
  else if (!is_quiet(*values))
    fmt::print("report        {}\n", output.string());
  return kDone;
}

}  // namespace

const Command kReportCommand{"report", "report RUN [--output FILE] [--json]",
                             "write the page that tells the story of a run, as far as it got", run};

}  // namespace dha::app
