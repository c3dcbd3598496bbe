// Comma-separated values as in RFC 4180: fields with commas, quotes or line breaks are quoted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dha {

// One line with its line break ("\n").
std::string csv_line(const std::vector<std::string>& fields);

// All rows, the heading included. Line breaks are "\n" or "\r\n"; empty lines are left out, and an unfinished quoted
// field ends with the text.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

}  // namespace dha
