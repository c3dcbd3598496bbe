// `dha eval RUN`: measures the network of a run, as far as it got, on its data set's test images.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
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
#include "run/run_evaluation.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

void print(const std::string& split, const RunEvaluation& evaluation, bool as_json) {
  const auto& [measured, divided_by, progress, damage] = evaluation;
  for (const std::string& one : damage) Console(stderr).line("dha: " + one);
  if (as_json) {
    nlohmann::ordered_json json{{"split", split}, {"images", measured.images}};
    for (const Quantity& metric : measured.values) json[metric.name] = metric.value;
    if (!divided_by.empty()) json["divided_by"] = divided_by;
    json.update(to_json(progress));
    print_output("{}\n", json.dump(2));
    return;
  }
  if (const std::string text = in_words(progress); !text.empty()) print_output("{}\n", text);
  std::string images = fmt::format("{} images", measured.images);
  if (!divided_by.empty())
    images += fmt::format(" (the training images that stage '{}' {})", divided_by,
                          split == "validation" ? "held out" : "did not hold out");
  print_output("{} accuracy {:.2f} %, loss {:.4f}, {}\n", split, 100 * measured.accuracy(), measured.loss(), images);
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("split", options::value<std::string>()->default_value("test")->value_name("NAME"),
                        "test, validation or train")("json", "print JSON");
  add_network_options(visible);
  add_set_option(visible);
  add_device_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("run", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_command_line(kEvalCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kEvalCommand, "missing run directory", "RUN");

  const StopSignals signals;
  const Weights weights = weights_of(*values);
  const RunDirectory directory = RunDirectory::open((*values)["run"].as<std::string>());
  const OpenedRun opened = open_run(directory, *values);
  print_note(opened.device, *values);
  const std::string split = (*values)["split"].as<std::string>();
  const VerbConsole shown(*values);
  print(split,
        evaluate_run(directory, opened.config, opened.registry, opened.device.device, weights, split,
                     allowed_change(*values, opened.overrides)),
        values->count("json") > 0);
  return kDone;
}

}  // namespace

const Command kEvalCommand{"eval", "eval RUN [--split test] [--weights last|best] [--set PATH=VALUE]… [--json]",
                           "measure the trained network of a run", run};

}  // namespace dha::app
