// `dha report RUN`: writes the page of a run, from its files alone.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "page/page.hpp"
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
  const std::filesystem::path output = values->count("output") > 0
                                           ? std::filesystem::path((*values)["output"].as<std::string>())
                                           : directory.file(page::kPageFile);
  const page::RunRecord record = page::read_run(directory.path());
  write_file_atomically(output, page::page_of(record, state_of(record, directory)));
  if (values->count("json") > 0)
    fmt::print("{}\n", nlohmann::ordered_json{{"report", output.string()}}.dump(2));
  else if (!is_quiet(*values))
    fmt::print("report        {}\n", output.string());
  return kDone;
}

}  // namespace

const Command kReportCommand{"report", "report RUN [--output FILE] [--json]",
                             "write the page that tells the story of a run, as far as it got", run};

}  // namespace dha::app
