// The program's name for messages that show a command.
//
//   fmt::format("continue with: {} resume {}", program_name(), run)
#pragma once

#include <string>

namespace dha {

// "dha" until set_program_name() is called.
const std::string& program_name();

// `called`: argv[0]. The name becomes "dha" if the shell finds the same program under that name, else `called` itself,
// such as "build/dha". Called by main before other threads start.
void set_program_name(const std::string& called);

}  // namespace dha
