#include "report/printable.hpp"

#include <algorithm>

namespace dha {

namespace {

bool starts_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

// U+0080 to U+009F, of which a terminal may obey some.
bool is_second_control(std::string_view text) {
  return text.size() > 1 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

}  // namespace

std::string printable(std::string_view text, std::string_view indent) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string safe;
  safe.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    const auto byte = static_cast<unsigned char>(character);
    if (is_second_control(text.substr(at))) {
      safe += '?';
      ++at;
    } else if (character == '\n') {
      safe.append("\n").append(indent);
    } else if (character == '\t') {
      safe += ' ';
    } else {
      safe += byte < 0x20 || byte == 0x7f ? '?' : character;
    }
  }
  return safe;
}

std::string printable_line(std::string_view text) {
  std::string line = printable(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (const char byte : text) columns += starts_code_point(byte);
  return columns;
}

std::string_view first_columns(std::string_view text, size_t columns) {
  size_t seen = 0;
  for (size_t at = 0; at < text.size(); ++at)
    if (starts_code_point(text[at]) && seen++ == columns) return text.substr(0, at);
  return text;
}

}  // namespace dha
