// Reads rows of a metrics.jsonl.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace dha {

// The rows of these events, in order. Lines that are no JSON objects (a line that a crash cut off) are left out. Empty
// if there is no such file.
std::vector<nlohmann::ordered_json> metric_rows(const std::filesystem::path& file,
                                                const std::vector<std::string_view>& events);

}  // namespace dha
