// Checks on a plugin's file: its exports, that it is accepted, and that loading it does not change the process.
#pragma once

#include <vector>

#include "verification/plugin_check.hpp"

namespace dha {

// In the order in which they are meaningful; kLoads shows whether a plugin has components to check.
std::vector<PluginCheck> library_checks();

constexpr const char* kLoads = "library.loads";

}  // namespace dha
