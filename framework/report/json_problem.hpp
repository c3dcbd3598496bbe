// Describes what is wrong with a JSON file, in the words of nlohmann/json without its error number.
#pragma once

#include <exception>
#include <string>

namespace dha {

// "key 'use' not found" of "[json.exception.out_of_range.403] key 'use' not found".
std::string json_problem(const std::exception& error);

}  // namespace dha
