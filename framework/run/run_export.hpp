// Writes the network of a run as a model/ folder for other programs, as far as the run got.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/log.hpp"
#include "run/run_network.hpp"

namespace dha {

struct RunExport {
  std::vector<std::string> files;  // names of those of the model in the folder
  RunProgress progress;
  std::vector<std::string> damage;  // RunNetwork::damage()
};

// Writes all files of a model/ (stage/model_files.hpp) to `folder`, each whole or not at all. Locks the run if the
// folder lies in it. Throws Error{kUsage} if another process trains there, or if the folder contains other files than
// those of a model; and the errors of RunNetwork.
RunExport export_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                     at::Device device, Weights weights, const std::filesystem::path& folder, DataChange allowed,
                     Log& log);

}  // namespace dha
