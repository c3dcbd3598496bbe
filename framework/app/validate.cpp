// `dha validate`: checks a pipeline file without running it.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/exit_status.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "component/stage_check.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha::app {

namespace {

using Json = nlohmann::ordered_json;

std::string counted(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void print(const Json& json) { std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n"; }

void print_valid(const std::string& file, const PipelineConfig& config, const std::vector<std::string>& remarks,
                 bool as_json) {
  if (as_json)
    return print(
        {{"file", file}, {"valid", true}, {"remarks", remarks}, {"pipeline", Json::parse(config.resolved_json)}});
  std::string names;
  size_t epochs = 0;
  for (const StageConfig& stage : config.stages) {
    names += (names.empty() ? "" : ", ") + stage.name;
    epochs += static_cast<size_t>(stage.epochs);
  }
  std::cout << fmt::format("{} is valid: {} ({}), {}, data set {}, seed {}\n", file,
                           counted(config.stages.size(), "stage"), names, counted(epochs, "epoch"),
                           config.dataset.component.id, config.seed);
  for (const std::string& remark : remarks) std::cout << remark << "\n";
}

void print_problems(const std::string& file, const PipelineError& error, bool as_json) {
  if (!as_json) {
    std::cerr << error.what() << "\n" << file << " has " << counted(error.problems().size(), "problem") << "\n";
    return;
  }
  Json problems = Json::array();
  for (const PipelineProblem& problem : error.problems())
    problems.push_back({{"source", problem.source},
                        {"line", problem.line},
                        {"column", problem.column},
                        {"pointer", problem.pointer},
                        {"message", problem.message}});
  print({{"file", file}, {"valid", false}, {"problems", problems}});
}

int run(const std::vector<std::string>& arguments) {
  namespace po = boost::program_options;
  po::options_description options, hidden;
  add_set_option(options);
  options.add_options()("json", "print JSON");
  add_plugin_options(options);
  hidden.add_options()("file", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse_command_line(kValidateCommand, options, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("file") == 0) throw missing_argument(kValidateCommand, "missing pipeline file", "FILE");

  const std::string file = (*values)["file"].as<std::string>();
  const bool as_json = values->count("json") != 0;
  const std::vector<Override> overrides = overrides_of(*values);
  const PluginRegistry registry = require_plugins(*values);
  try {
    const PipelineConfig config = load_pipeline(file, overrides, registry);
    const std::vector<std::string> remarks = check_without_data(config, registry);
    if (as_json || !is_quiet(*values)) print_valid(file, config, remarks, as_json);
    return kDone;
  } catch (const PipelineError& error) {
    print_problems(file, error, as_json);
    return exit_status(error.code());
  }
}

}  // namespace

const Command kValidateCommand = {"validate", "validate FILE [--set PATH=VALUE]… [--json] [--plugin-path DIR]…",
                                  "check a pipeline file without running it, and report every problem with its place",
                                  run};

}  // namespace dha::app
