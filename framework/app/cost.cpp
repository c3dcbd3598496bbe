// `dha cost PIPELINE`: parameters and multiply-adds of an architecture in a pipeline's space, or of random ones where
// it searches, without building or training them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/standard_output.hpp"
#include "component/stage_cost.hpp"
#include "report/quantities_json.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

constexpr int64_t kSamples = 100;  // random architectures, where none is known

// "auxiliary_parameters" as "auxiliary parameters".
std::string in_words(std::string name) {
  if (name == quantity::kMultiplyAdds) return "multiply-adds";
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// Smallest, median and largest value of each quantity.
void print_ranges(const std::vector<Quantities>& costs, bool as_json) {
  nlohmann::ordered_json ranges;
  if (!as_json)
    print_output("{:<20}  {:>13}  {:>13}  {:>13}\n", fmt::format("{} random ones", costs.size()), "smallest", "median",
                 "largest");
  for (const Quantity& one : costs.front()) {
    std::vector<double> values;
    for (const Quantities& cost : costs) values.push_back(cost.at(one.name));
    std::sort(values.begin(), values.end());
    const double smallest = values.front(), median = values[values.size() / 2], largest = values.back();
    ranges[one.name] = {{"smallest", smallest}, {"median", median}, {"largest", largest}};
    if (!as_json)
      print_output("{:<20}  {:>13.0f}  {:>13.0f}  {:>13.0f}\n", in_words(one.name), smallest, median, largest);
  }
  if (as_json)
    print_output("{}\n", nlohmann::ordered_json{{"architectures", costs.size()}, {"ranges", ranges}}.dump(2));
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  visible.add_options()("architecture", options::value<std::string>()->value_name("FILE"),
                        "the architecture to count; default: random ones if the pipeline searches")(
      "stage", options::value<std::string>()->value_name("NAME"), "the stage with the space to use; default: the last")(
      "json", "print JSON");
  add_set_option(visible);
  add_plugin_options(visible);
  hidden.add_options()("file", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse_command_line(kCostCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("file") == 0) throw missing_argument(kCostCommand, "missing pipeline file", "PIPELINE");

  const PluginRegistry registry = require_plugins(*values);
  const PipelineConfig config = load_pipeline((*values)["file"].as<std::string>(), overrides_of(*values), registry);
  const std::string stage =
      values->count("stage") > 0 ? (*values)["stage"].as<std::string>() : config.stages.back().name;
  const std::string architecture = values->count("architecture") > 0 ? (*values)["architecture"].as<std::string>() : "";
  const std::vector<Quantities> costs = stage_costs(config, stage, architecture, registry, kSamples);
  const bool as_json = values->count("json") > 0;
  if (costs.size() > 1)
    print_ranges(costs, as_json);
  else if (as_json)
    print_output("{}\n", to_json(costs.front()).dump(2));
  else
    for (const Quantity& one : costs.front()) print_output("{:<20}  {:.0f}\n", in_words(one.name), one.value);
  return kDone;
}

}  // namespace

const Command kCostCommand{"cost", "cost PIPELINE [--architecture FILE] [--stage NAME] [--json]",
                           "count parameters and multiply-adds", run};

}  // namespace dha::app
