// Checks on one component of a plugin: its description, and that it can be created from its declared parameters.
#pragma once

#include <string>
#include <vector>

#include "verification/plugin_check.hpp"

namespace dha {

std::vector<PluginCheck> component_checks(const std::string& component_id);

}  // namespace dha
