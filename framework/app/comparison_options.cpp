#include "app/comparison_options.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/standard_output.hpp"
#include "compare/comparison_text.hpp"
#include "dha/error.hpp"

namespace dha::app {

namespace options = boost::program_options;

void add_comparison_options(options::options_description& description) {
  description.add_options()("baseline", options::value<std::string>()->default_value("")->value_name("NAME"),
                            "group that the others are tested against; default: the first")(
      "mix", "compare runs although their data, split or budget differ");
}

compare::ComparisonOptions comparison_options(const options::variables_map& values) {
  return {values["baseline"].as<std::string>(), values.count("mix") > 0};
}

void add_format_options(options::options_description& description) {
  description.add_options()("format", options::value<std::string>()->default_value("text")->value_name("NAME"),
                            "text, markdown or csv")("json", "print JSON");
}

void check_format_options(const options::variables_map& values) {
  const std::string format = values["format"].as<std::string>();
  if (format != "text" && format != "markdown" && format != "csv")
    throw Error(ErrorCode::kUsage, fmt::format("--format must be text, markdown or csv, found '{}'", format));
  if (values.count("json") > 0 && !values["format"].defaulted())
    throw Error(ErrorCode::kUsage, "--json and --format exclude each other; give one");
}

void print_comparison(const compare::Comparison& comparison, const options::variables_map& values) {
  const std::string format = values["format"].as<std::string>();
  if (values.count("json") > 0)
    print_output("{}\n",
                 compare::comparison_json(comparison).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else if (format == "csv")
    print_output("{}", compare::comparison_csv(comparison));
  else
    print_output(
        "{}", format == "markdown" ? compare::comparison_markdown(comparison) : compare::comparison_text(comparison));
}

}  // namespace dha::app
