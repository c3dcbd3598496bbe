// The verbs of the program.
#pragma once

#include <string_view>
#include <vector>

#include "app/command.hpp"

namespace dha::app {

// In the order of `dha help`.
const std::vector<const Command*>& commands();

// Throws Error{kUsage} that names the nearest verb.
const Command& find_command(std::string_view name);

}  // namespace dha::app
