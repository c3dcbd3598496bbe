#include "run/environment.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <sched.h>
#include <sys/utsname.h>
#include <torch/headeronly/version.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "dha/error.hpp"
#include "dha/version.hpp"
#include "storage/local_time.hpp"
#include "storage/sha256.hpp"

#define DHA_TEXT_(x) #x
#define DHA_TEXT(x) DHA_TEXT_(x)

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kVersion =
    DHA_TEXT(DHA_SDK_VERSION_MAJOR) "." DHA_TEXT(DHA_SDK_VERSION_MINOR) "." DHA_TEXT(DHA_SDK_VERSION_PATCH);

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

// "unknown" on processors whose kernel does not name them.
std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name") && !line.starts_with("Model")) continue;
    const size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    if (value != line.npos) return line.substr(value);
  }
  return "unknown";
}

// Those that this process may use.
unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::thread::hardware_concurrency();
}

std::string operating_system() {
  utsname names{};
  if (uname(&names) != 0) return "unknown";
  return std::string(names.sysname) + " " + names.release + " " + names.machine;
}

Json describe_plugin(const PluginFile& plugin) {
  Json json = {{"name", plugin.name}, {"version", plugin.version}, {"file", plugin.file.string()}};
  try {
    json["sha256"] = sha256_of_file(plugin.file);
  } catch (const Error&) {
    json["sha256"] = nullptr;
  }
  return json;
}

}  // namespace

Json describe_environment(const EnvironmentFacts& facts) {
  const std::string model = processor_model();
  Json plugins = Json::array();
  for (const PluginFile& plugin : facts.plugins) plugins.push_back(describe_plugin(plugin));
  return {{"date", iso_time_now()},
          {"dha", kVersion},
          {"sdk", kVersion},
          {"libtorch", TORCH_VERSION},
          {"compiler", kCompiler},
          {"system", operating_system()},
          {"processor", model},
          {"cores", usable_cores()},
          {"threads", at::get_num_threads()},
          {"capability", at::get_cpu_capability()},
          {"device", facts.device},
          {"device_name", facts.device_name.empty() ? model : facts.device_name},
          {"plugins", plugins}};
}

}  // namespace dha
