// Makes text of unknown origin safe for a terminal and for line-based files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dha {

// U+202A to U+202E and U+2066 to U+2069, with which a name turns around the rest of its line.
bool is_bidi_control(uint32_t code_point);

// Control characters (escape sequences, backspaces, carriage returns) become '?'; tabs become a space. Line breaks stay
// and are followed by `indent`; those at the end go.
std::string printable(std::string_view text, std::string_view indent = "");

// The same in one line: line breaks become a space.
std::string printable_line(std::string_view text);

// Columns that UTF-8 text takes on a terminal: two per wide character such as an ideograph or an emoji, none per
// combining character, one per byte that is not UTF-8. Of a sequence that is drawn as one emoji, all parts count.
size_t columns_of(std::string_view text);

// As much of the text's beginning as fits into `columns`.
std::string_view first_columns(std::string_view text, size_t columns);

// The text with line breaks in place of spaces, so that no line is wider than `columns`, unless it is one word. Lines
// that are added begin with `indent`.
std::string broken_into_lines(std::string_view text, size_t columns, std::string_view indent);

}  // namespace dha
