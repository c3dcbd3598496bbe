// `dha schema`: the JSON Schema of pipeline files, for editors, and those of files of a run, for programs that read
// them.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/file_schemas.hpp"
#include "app/plugin_options.hpp"
#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

namespace {

namespace po = boost::program_options;

std::string schema_of(const std::string& what, const po::variables_map& values) {
  if (what == "pipeline") return pipeline_schema(require_plugins(values));
  if (what == "summary") return std::string(kSummarySchema);
  if (what == "metrics") return std::string(kMetricsSchema);
  throw Error(ErrorCode::kUsage, fmt::format("schema: --of must be pipeline, summary or metrics, found '{}'", what));
}

int run(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("of", po::value<std::string>()->default_value("pipeline")->value_name("FILE"),
                        "pipeline; summary: summary.json of a run; metrics: a line of metrics.jsonl")(
      "out", po::value<std::string>()->value_name("FILE"), "write to FILE instead of standard output")(
      "json", "print JSON, as without this option");
  add_plugin_options(options);
  const auto values = parse_command_line(kSchemaCommand, options, arguments);
  if (!values) return kDone;
  const std::string schema = schema_of((*values)["of"].as<std::string>(), *values);
  if (values->count("out") != 0)
    write_file_atomically((*values)["out"].as<std::string>(), schema);
  else
    std::cout << schema;
  return kDone;
}

}  // namespace

const Command kSchemaCommand = {"schema", "schema [--of pipeline|summary|metrics] [--out FILE] [--plugin-path DIR]…",
                                "print the JSON Schema of pipeline files, or of files of a run", run};

}  // namespace dha::app
