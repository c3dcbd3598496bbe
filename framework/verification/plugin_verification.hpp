// Runs all checks on a plugin, each in its own process.
#pragma once

#include <functional>
#include <regex>
#include <vector>

#include "verification/plugin_check.hpp"

namespace dha {

struct VerificationOptions {
  std::regex include = std::regex("");  // checks with a matching id
  bool in_process = false;              // for a debugger: a check that ends the process then ends this one
};

// The ids of a plugin's components, read in a child process; a refused plugin has none.
std::vector<std::string> component_ids(const CheckedPlugin& plugin, const VerificationOptions& options);

// The checks that `options` include, in the order in which they run. [one thread at a time, before any work of
// LibTorch's]
std::vector<PluginCheck> checks_of(const CheckedPlugin& plugin, const VerificationOptions& options);

// Runs checks_of() and tells `report` of each as it ends. Failing covers a check that ends its process or does not end
// within a minute; where the plugin is not accepted, the checks that would open it are skipped. Of a file with the CUDA
// kernels of the plugin next to it, only kLoads is reported, as skipped.
void verify_plugin(const CheckedPlugin& plugin, const VerificationOptions& options,
                   const std::function<void(const PluginCheck&, const CheckOutcome&)>& report);

}  // namespace dha
