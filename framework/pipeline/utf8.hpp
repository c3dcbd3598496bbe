// The encoding of pipeline files and of all that goes into JSON.
#pragma once

#include <cstddef>
#include <string_view>

namespace dha {

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), or 0.
size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace dha
