// `dha export RUN`: writes the network of a run, as far as it got, as a model/ folder for other programs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/network_options.hpp"
#include "app/opened_run.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/standard_output.hpp"
#include "app/verb_console.hpp"
#include "process/signals.hpp"
#include "report/console.hpp"
#include "run/run_export.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

std::filesystem::path folder_of(const options::variables_map& values, const RunDirectory& directory, Weights weights) {
  if (values.count("output") == 0) return directory.file(weights == Weights::kBest ? "model_best" : "model");
  const std::string given = values["output"].as<std::string>();
  if (given.empty()) throw Error(ErrorCode::kUsage, "--output must name a folder, found ''");
  const std::filesystem::path folder = std::filesystem::absolute(given).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

void print(const std::filesystem::path& folder, const RunExport& exported, bool as_json, Console& console) {
  for (const std::string& one : exported.damage) Console(stderr).line("dha: " + one);
  if (as_json) {
    nlohmann::ordered_json json{{"folder", folder.string()}, {"files", exported.files}};
    json.update(to_json(exported.progress));
    print_output("{}\n", json.dump(2));
    return;
  }
  std::string progress = in_words(exported.progress);
  if (!exported.progress.is_decided) progress += ", so the folder has the one that the search prefers now";
  if (!progress.empty()) console.line(progress);
  console.line(fmt::format("wrote {}/ with {}", folder.string(), fmt::join(exported.files, ", ")));
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("output", options::value<std::string>()->value_name("FOLDER"),
                        "where to write; default: model or, of the best weights, model_best in the run directory")(
      "json", "print JSON");
  add_network_options(visible);
  add_set_option(visible);
  add_device_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("run", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_command_line(kExportCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kExportCommand, "missing run directory", "RUN");

  const StopSignals signals;
  const Weights weights = weights_of(*values);
  const RunDirectory directory = RunDirectory::open((*values)["run"].as<std::string>());
  const std::filesystem::path folder = folder_of(*values, directory, weights);
  const OpenedRun opened = open_run(directory, *values);
  Console console(stdout, is_quiet(*values) ? Console::Mode::kQuiet : Console::Mode::kPlain);
  VerbConsole notes(*values);
  Log log(notes);
  print(folder,
        export_run(directory, opened.config, opened.registry, opened.device.device, weights, folder,
                   allowed_change(*values, opened.overrides), log),
        values->count("json") > 0, console);
  return kDone;
}

}  // namespace

const Command kExportCommand{"export", "export RUN [--weights last|best] [--output FOLDER] [--json]",
                             "write the trained network of a run for other programs", run};

}  // namespace dha::app
