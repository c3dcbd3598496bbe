// `dha doctor`: versions, device, threads, plugins, data, and what is missing for a run on this machine.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "device/accelerator.hpp"
#include "device/device_properties.hpp"
#include "dha/abi_tag.hpp"
#include "dha/version.hpp"
#include "process/program_name.hpp"

namespace dha::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Where Debian's package dataset-fashion-mnist puts the images of the quickstart.
constexpr const char* kFashionMnist = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

// What was found, and what a person should do about what was not.
struct Report {
  Json facts = Json::object();
  std::vector<std::string> missing;
  bool can_run = true;
};

// The value of the first "key : value" line of a file below /proc; empty where there is none.
std::string proc_value(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

std::string libtorch_file() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::get_cpu_capability), &info) == 0) return "";
  return info.dli_fname;
}

void report_versions(Report& report) {
  report.facts["dha"] = fmt::format("{}.{}.{}", DHA_SDK_VERSION_MAJOR, DHA_SDK_VERSION_MINOR, DHA_SDK_VERSION_PATCH);
  report.facts["ABI of plugins"] = DHA_ABI_TAG;
  report.facts["LibTorch"] = fmt::format("{} ({})", TORCH_VERSION, libtorch_file());
#ifdef __clang__
  report.facts["compiler"] = "clang " __clang_version__;
#else
  report.facts["compiler"] = "gcc " __VERSION__;
#endif
}

void report_processor(Report& report) {
  report.facts["processor"] = proc_value("/proc/cpuinfo", "model name");
  report.facts["LibTorch's instructions"] = at::get_cpu_capability();
  report.facts["threads"] =
      fmt::format("{} of {} logical processors", at::get_num_threads(), std::thread::hardware_concurrency());
  report.facts["memory"] = proc_value("/proc/meminfo", "MemTotal");
}

// The device that "auto" means. Comes before plugins are loaded, as in a run.
void report_device(Report& report) {
  const DeviceChoice choice = choose_device("auto");
  report.facts["device"] = in_words(choice) + (choice.looked_for.empty() ? "" : "; looked for " + choice.looked_for);
  report.facts["device name"] = device_name(choice.device);
  for (const std::string precision : {"bf16", "fp16"})
    report.facts[precision + " on the device"] =
        has_native_arithmetic(choice.device, precision)
            ? "yes"
            : "no: precision " + precision + " is several times slower here than fp32";
}

void report_plugins(Report& report, const PluginRegistry& registry) {
  const auto& plugins = registry.plugins();
  const auto loaded = std::count_if(plugins.begin(), plugins.end(),
                                    [](const PluginRecord& plugin) { return plugin.state == PluginState::kLoaded; });
  report.facts["plugins"] =
      fmt::format("{} loaded, {} refused, {} components", loaded,
                  std::count_if(plugins.begin(), plugins.end(), is_refused), registry.components().size());
  for (const PluginRecord& plugin : plugins)
    if (is_refused(plugin))
      report.missing.push_back(
          fmt::format("plugin {} was refused ({}): {}", plugin.file.string(), state_name(plugin.state), plugin.reason));
  if (loaded > 0) return;
  report.can_run = false;
  report.missing.emplace_back(
      "no plugin was loaded: build the default components, or name their directory with --plugin-path or "
      "DHA_PLUGIN_PATH");
}

void report_data(Report& report) {
  const bool has_quickstart = fs::exists(kFashionMnist);
  report.facts["Fashion-MNIST"] = has_quickstart ? fs::path(kFashionMnist).parent_path().string() : "not installed";
  if (!has_quickstart)
    report.missing.emplace_back("the quickstart's images: install Debian's package dataset-fashion-mnist");
}

// The folder that a run would be made in, or the nearest one above it that exists, must be writable.
void report_run_directory(Report& report) {
  const fs::path runs = fs::current_path() / "runs";
  fs::path existing = runs;
  while (!fs::exists(existing) && existing.has_relative_path()) existing = existing.parent_path();
  const bool is_writable = fs::is_directory(existing) && access(existing.c_str(), W_OK | X_OK) == 0;
  std::error_code unknown;
  const fs::space_info space = fs::space(existing, unknown);
  report.facts["run directory"] =
      fmt::format("{}, {}{}", runs.string(), is_writable ? "writable" : "not writable",
                  unknown ? "" : fmt::format(", {:.1f} GB free", static_cast<double>(space.available) / 1e9));
  if (is_writable) return;
  report.can_run = false;
  report.missing.push_back(
      fmt::format("{} is not writable: choose another folder with '{} run --out DIR'", runs.string(), program_name()));
}

void print(const Report& report, bool quiet) {
  if (!quiet) {
    for (const auto& [name, value] : report.facts.items())
      std::cout << fmt::format("{:<24}{}\n", name, value.get<std::string>());
    std::cout << (report.missing.empty() ? "\nnothing is missing\n" : "\nmissing:\n");
  }
  for (const std::string& line : report.missing) std::cout << "  " << line << '\n';
}

int run(const std::vector<std::string>& arguments) {
  boost::program_options::options_description options;
  options.add_options()("json", "print JSON");
  add_plugin_options(options);
  const auto values = parse_command_line(kDoctorCommand, options, arguments);
  if (!values) return kDone;
  Report report;
  report_versions(report);
  report_processor(report);
  report_device(report);
  report.facts["plugin directories"] = searched_places(*values);
  report_plugins(report, load_plugins(*values, true));
  report_data(report);
  report_run_directory(report);
  if (values->count("json") == 0) {
    print(report, is_quiet(*values));
  } else {
    const Json json = {{"facts", report.facts}, {"missing", report.missing}, {"can_run", report.can_run}};
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  }
  return report.can_run ? kDone : kRunFailed;
}

}  // namespace

const Command kDoctorCommand = {"doctor", "doctor [--json] [--plugin-path DIR]…",
                                "report versions, device, threads, plugins and data, and the missing parts", run};

}  // namespace dha::app
