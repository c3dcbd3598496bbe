// The command that started this process, for people who want to repeat it.
#pragma once

#include <string>

namespace dha {

// "dha run small.json --set 'name=two words'": as a shell takes it. "" where the system does not tell.
std::string command_text();

}  // namespace dha
