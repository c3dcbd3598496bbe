// Makes text of unknown origin safe for a terminal and for line-based files.
#pragma once

#include <string>
#include <string_view>

namespace dha {

// Control characters (escape sequences, backspaces, carriage returns) become '?'; tabs become a space. Line breaks stay
// and are followed by `indent`; those at the end go.
std::string printable(std::string_view text, std::string_view indent = "");

// The same in one line: line breaks become a space.
std::string printable_line(std::string_view text);

// Columns that UTF-8 text takes on a terminal, one per code point.
size_t columns_of(std::string_view text);

// The first `columns` code points.
std::string_view first_columns(std::string_view text, size_t columns);

}  // namespace dha
