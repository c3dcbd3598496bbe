// The wall clock as text.
#pragma once

#include <string>

namespace dha {

// ISO 8601, local, with offset and milliseconds: "2026-01-31T14:05:09.123+01:00". [any thread]
std::string iso_time_now();

// For names of files: "2026-01-31-140509", local. [any thread]
std::string compact_time_now();

}  // namespace dha
