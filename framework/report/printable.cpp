#include "report/printable.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "pipeline/utf8.hpp"

namespace dha {

namespace {

struct Character {
  size_t bytes = 1, columns = 1;
};

// Takes the first character off `text`, which is not empty.
Character take_character(std::string_view& text) {
  constexpr uint32_t kEmojiVariation = 0xfe0f;  // makes the character before it wide on many terminals
  const CodePoint point = code_point_at(text);
  Character character;
  if (point.bytes > 0) {
    character.bytes = point.bytes;
    if (point.value != kEmojiVariation)
      character.columns =
          static_cast<size_t>(std::max(utf8proc_charwidth(static_cast<utf8proc_int32_t>(point.value)), 0));
  }
  text.remove_prefix(character.bytes);
  return character;
}

// C0, DEL and C1, of which a terminal may obey some.
bool is_control(uint32_t code_point) { return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0); }

}  // namespace

bool is_bidi_control(uint32_t code_point) {
  return (code_point >= 0x202a && code_point <= 0x202e) || (code_point >= 0x2066 && code_point <= 0x2069);
}

std::string printable(std::string_view text, std::string_view indent) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = code_point_at(text);
    const size_t bytes = std::max<size_t>(1, point.bytes);
    if (point.value == '\n')
      safe.append("\n").append(indent);
    else if (point.value == '\t')
      safe += ' ';
    else if (point.bytes > 0 && (is_control(point.value) || is_bidi_control(point.value)))
      safe += '?';
    else
      safe += text.substr(0, bytes);
    text.remove_prefix(bytes);
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
  while (!text.empty()) columns += take_character(text).columns;
  return columns;
}

std::string_view first_columns(std::string_view text, size_t columns) {
  std::string_view rest = text;
  for (size_t seen = 0; !rest.empty();) {
    const Character next = take_character(rest);
    if ((seen += next.columns) > columns) return text.substr(0, text.size() - rest.size() - next.bytes);
  }
  return text;
}

std::string broken_into_lines(std::string_view text, size_t columns, std::string_view indent) {
  std::string broken;
  size_t used = 0;
  char before = '\n';  // the word
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (before == ' ' && used + 1 + columns_of(word) > columns) {
      broken.append("\n").append(indent);
      used = columns_of(indent);
    } else if (at > 0) {
      broken += before;
      used = before == '\n' ? 0 : used + 1;
    }
    broken += word;
    used += columns_of(word);
    if (end < text.size()) before = text[end];
    at = end + 1;
  }
  return broken;
}

}  // namespace dha
