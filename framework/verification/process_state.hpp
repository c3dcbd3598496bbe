// What a library can change for the whole process by being loaded: to be compared before and after.
#pragma once

#include <map>
#include <string>

namespace dha {

// Name -> value, as text: floating-point mode, LibTorch's random state, default type, gradient mode, thread counts,
// locale.
std::map<std::string, std::string> process_state();

}  // namespace dha
