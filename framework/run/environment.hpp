// environment.json: the software and the machine of a run.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dha {

// A loaded plugin, as the registry knows it.
struct PluginFile {
  std::string name, version;
  std::filesystem::path file;
};

// What only the caller knows.
struct EnvironmentFacts {
  std::string device;       // "cuda:0"
  std::string device_name;  // "NVIDIA H100"; empty: the processor's model
  std::vector<PluginFile> plugins;
};

// Versions of dha, SDK, LibTorch and compiler; processor, cores, threads and vector instructions; device; date; plugins
// with the SHA-256 of their files. No user's or host's name. A plugin file that cannot be read has a null checksum.
nlohmann::ordered_json describe_environment(const EnvironmentFacts& facts);

}  // namespace dha
