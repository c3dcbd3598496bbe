#include "app/launch_options.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "device/device_properties.hpp"
#include "dha/error.hpp"
#include "process/program_file.hpp"

namespace dha::app {

namespace options = boost::program_options;

std::vector<std::string> same_program(const std::string& verb, const options::variables_map& values) {
  std::vector<std::string> command{program_file().string(), verb};
  if (values.count("plugin-path") > 0)
    for (const std::string& path : values["plugin-path"].as<std::vector<std::string>>())
      command.insert(command.end(), {"--plugin-path", std::filesystem::absolute(path).string()});
  return command;
}

std::optional<int64_t> parallel_of(const options::variables_map& values) {
  if (values.count("parallel") == 0) return std::nullopt;
  const auto parallel = values["parallel"].as<int64_t>();
  if (parallel < 1 || parallel > 1024)
    throw Error(ErrorCode::kUsage, fmt::format("--parallel must be 1 to 1024, found {}", parallel));
  return parallel;
}

std::vector<std::string> devices_in_turn(const PipelineConfig& config, const DeviceChoice& device) {
  std::vector<std::string> devices;
  const bool names_one = config.device.find(':') != std::string::npos;
  if (device.device.is_cuda() && !names_one)
    for (int64_t index = 0; index < device_count(device.device); ++index)
      devices.push_back(fmt::format("cuda:{}", index));
  return devices;
}

void add_time_option(options::options_description& description) {
  description.add_options()("max-minutes", options::value<double>()->value_name("N"),
                            "end a run in time: after N minutes, counted from its start, it has left a checkpoint to "
                            "continue from and the network that it has got to");
}

std::optional<std::chrono::duration<double>> minutes_of(const options::variables_map& values) {
  if (values.count("max-minutes") == 0) return std::nullopt;
  const double minutes = values["max-minutes"].as<double>();
  constexpr double kLongest = 1e7;  // 19 years
  if (!(minutes > 0 && minutes <= kLongest))
    throw Error(ErrorCode::kUsage,
                fmt::format("--max-minutes must be above 0 and at most {:.0f}, found {}", kLongest, minutes));
  return std::chrono::duration<double>(60 * minutes);
}

}  // namespace dha::app
