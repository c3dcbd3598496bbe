// `dha schema`: the JSON Schema of pipeline files, for editors.
#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "pipeline/pipeline.hpp"
#include "storage/atomic_file.hpp"

namespace dha::app {

namespace {

int run(const std::vector<std::string>& arguments) {
  namespace po = boost::program_options;
  po::options_description options;
  options.add_options()("out", po::value<std::string>()->value_name("FILE"),
                        "write to FILE instead of standard output");
  add_plugin_options(options);
  const auto values = parse_command_line(kSchemaCommand, options, arguments);
  if (!values) return kDone;
  const std::string schema = pipeline_schema(require_plugins(*values));
  if (values->count("out") != 0)
    write_file_atomically((*values)["out"].as<std::string>(), schema);
  else
    std::cout << schema;
  return kDone;
}

}  // namespace

const Command kSchemaCommand = {"schema", "schema [--out FILE] [--plugin-path DIR]…",
                                "print the JSON Schema of pipeline files, for completion and checks in editors", run};

}  // namespace dha::app
