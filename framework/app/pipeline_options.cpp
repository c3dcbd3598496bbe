#include "app/pipeline_options.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace dha::app {

namespace options = boost::program_options;

void add_set_option(options::options_description& description) {
  description.add_options()("set", options::value<std::vector<std::string>>()->composing()->value_name("PATH=VALUE"),
                            "override a value of the file, such as stages.0.epochs=3 (repeatable)");
}

void add_device_option(options::options_description& description) {
  description.add_options()("device", options::value<std::string>()->value_name("NAME"),
                            "auto, cpu, cuda or cuda:N, instead of the file's");
}

std::vector<Override> overrides_of(const options::variables_map& values) {
  std::vector<Override> overrides;
  if (values.count("set") > 0) {
    for (const std::string& text : values["set"].as<std::vector<std::string>>())
      overrides.push_back(parse_override(text));
  }
  if (values.count("device") > 0) {
    const std::string device = values["device"].as<std::string>();
    overrides.push_back({"device", '"' + device + '"', "--device " + device});
  }
  return overrides;
}

}  // namespace dha::app
