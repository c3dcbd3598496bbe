// Reads a pipeline file together with the files that it extends.
#pragma once

#include <filesystem>

#include "pipeline/node.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

// "dha:NAME" in "extends" names an example that came with dha (<pipeline/examples.hpp>), any other text a file relative
// to the one that names it.
//
// The merged content, without "extends" and "$schema". Files are merged in the order of "extends", the extending file
// last; "stages" merge by name, other lists are replaced. Valid only if nothing was added to `problems`.
Node read_with_bases(const std::filesystem::path& file, ProblemList& problems);

}  // namespace dha
