// Checks on one component of a plugin: what it says of itself, and that it can be created from all that it declares.
#pragma once

#include <string>
#include <vector>

#include "verification/plugin_check.hpp"

namespace dha {

std::vector<PluginCheck> component_checks(const std::string& component_id);

}  // namespace dha
