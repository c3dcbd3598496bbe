// Reads UTF-8, the encoding of pipeline files and of all that goes into JSON, pages and terminals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dha {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: the text does not begin with well-formed UTF-8
};

// The code point at the start of `text` (Unicode 15, table 3-7), which may be empty.
CodePoint code_point_at(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace dha
