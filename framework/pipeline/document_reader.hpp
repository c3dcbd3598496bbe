// Reads JSON text with // and /* */ comments into nodes with locations.
#pragma once

#include <memory>
#include <string_view>

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// Lists and objects may be nested this deep.
inline constexpr int kDepthLimit = 64;

// Reads the value that is all of `text`. What is wrong goes to `problems`: the first fault of syntax or encoding, and
// every key that one object has twice. Meaningful only where nothing was added to `problems`.
Node read_document(std::string_view text, const std::shared_ptr<const Source>& source, ProblemList& problems);

}  // namespace dha
