// Reads JSON text with // and /* */ comments into nodes with locations.
#pragma once

#include <memory>
#include <string_view>

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// Maximum nesting of lists and objects.
inline constexpr int kDepthLimit = 64;

// Reads `text`, which must be a single value. Adds to `problems` the first error of syntax or encoding, and every
// duplicate key of an object. The result is valid only if nothing was added to `problems`.
Node read_document(std::string_view text, const std::shared_ptr<const Source>& source, ProblemList& problems);

}  // namespace dha
