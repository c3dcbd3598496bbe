// Checks an object of a pipeline file against a schema and completes it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// The object at `pointer` with defaults filled in, in the order of the fields of `schema` (as Schema::json_text(), with
// the attributes of <pipeline/host_keys.hpp>), and paths made absolute: written ones relative to the folder of their
// source, defaults relative to `directory`. Adds errors to `problems`.
nlohmann::ordered_json check_fields(const Node& object, const std::string& pointer,
                                    const nlohmann::ordered_json& schema, const std::filesystem::path& directory,
                                    ProblemList& problems);

}  // namespace dha
