// Names of temporary files and folders, which remove_abandoned_temporaries() finds.
#pragma once

#include <string>

namespace dha {

// A short name, whatever the length of the destination's: no other of this process.
std::string temporary_name();

bool is_temporary(const std::string& name);

}  // namespace dha
