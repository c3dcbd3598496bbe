// How much memory the process has used.
#pragma once

#include <cstdint>

namespace dha {

// The largest resident set of this process so far, bytes.
int64_t peak_host_memory_bytes();

}  // namespace dha
