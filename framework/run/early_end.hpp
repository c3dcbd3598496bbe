// What a run leaves whose time is over: its network as far as it got, and a summary.
#pragma once

#include <string>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "report/log.hpp"
#include "run/run_network.hpp"
#include "storage/run_directory.hpp"

namespace dha {

struct EarlyEnd {
  RunProgress progress;
  std::string no_model;  // why model/ was not written; empty where it was
};

// Writes model/ from the newest checkpoint, and summary.json with "finished": false. The run must not be under way in
// this process, and no time limit in force. Throws Error{kCancelled} when the user asks to stop, and Error{kIo}; a run
// without a checkpoint of a network is no error.
EarlyEnd end_early(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                   at::Device device, Log& log);

}  // namespace dha
