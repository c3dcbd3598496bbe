// The process state that loading a library can change, to compare before and after.
#pragma once

#include <map>
#include <string>

namespace dha {

// Name -> value, as text: floating-point mode, LibTorch's random state, default type, gradient mode, thread counts,
// locale.
std::map<std::string, std::string> process_state();

}  // namespace dha
